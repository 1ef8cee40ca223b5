/** The stylesheet of the emulator's pages, for light and dark, from 320 pixels up. */
export const stylesheet = `:root {
  color-scheme: light dark;
  --ground: #f2f2f2; --paper: #fff; --ink: #1b1b1b; --quiet: #5c5c5c; --line: #d6d6d6;
  --hover: #eef4fb; --accent: #0b5cad; --on-accent: #fff; --warn: #7a4b00; --warn-ground: #fff1d6;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #161616; --paper: #232323; --ink: #f0f0f0; --quiet: #b0b0b0; --line: #414141;
    --hover: #2c3642; --accent: #7db7f0; --on-accent: #10202f; --warn: #ffd591; --warn-ground: #3d2e10;
  }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--ink); font: 1rem/1.45 "Segoe UI", system-ui, sans-serif; }
body > header { background: var(--warn-ground); color: var(--warn); padding: .5rem 1rem; text-align: center; font-size: .875rem; }
main { max-width: 30rem; margin: 1.5rem auto; padding: 1.5rem; background: var(--paper); border: 1px solid var(--line); border-radius: .5rem; overflow-wrap: anywhere; }
h1 { font-size: 1.5rem; font-weight: 600; line-height: 1.2; margin: 0 0 .25rem; }
h2 { font-size: .875rem; font-weight: 600; color: var(--quiet); margin: 1.25rem 0 .5rem; }
p { margin: .25rem 0 1rem; }
ul { list-style: none; margin: 0; padding: 0; border: 1px solid var(--line); border-radius: .375rem; overflow: hidden; }
li + li { border-top: 1px solid var(--line); }
li button { display: grid; grid-template-columns: 2.25rem 1fr; column-gap: .75rem; align-items: center; width: 100%; padding: .625rem .75rem; border: 0; background: none; color: inherit; font: inherit; text-align: left; cursor: pointer; }
li button:hover { background: var(--hover); }
button:focus-visible, a:focus-visible, summary:focus-visible { outline: 2px solid var(--accent); outline-offset: -2px; }
li button[data-suggested] { background: var(--hover); box-shadow: inset 3px 0 var(--accent); }
.initials { display: grid; place-items: center; width: 2.25rem; height: 2.25rem; border-radius: 50%; background: var(--accent); color: var(--on-accent); font-size: .8125rem; font-weight: 600; }
.who > * { display: block; }
.who small { color: var(--quiet); font-size: .8125rem; }
.who .special { color: var(--warn); }
summary { cursor: pointer; margin-top: 1.25rem; font-size: .875rem; color: var(--quiet); }
.actions { display: flex; justify-content: flex-end; margin: 1.25rem 0 0; }
.button, .actions button { display: inline-block; padding: .5rem 1.25rem; border: 1px solid var(--line); border-radius: .25rem; background: none; color: inherit; font: inherit; text-decoration: none; cursor: pointer; }
.button:hover, .actions button:hover { background: var(--hover); }
pre { margin: 1rem 0 0; font-size: .75rem; color: var(--quiet); white-space: pre-wrap; }
iframe { display: none; }
@media (max-width: 30rem) { main { margin: 0; border-width: 0 0 1px; border-radius: 0; padding: 1rem; } }
`
