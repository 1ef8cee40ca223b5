/** The stylesheet of the emulator's pages, for light and dark, from 320 pixels up. */
export const stylesheet = `:root {
  color-scheme: light dark;
  --ground: #f2f2f2; --paper: #fff; --ink: #1b1b1b; --quiet: #5c5c5c; --line: #d6d6d6; --edge: #767676;
  --hover: #eef4fb; --accent: #0b5cad; --on-accent: #fff; --warn: #7a4b00; --warn-ground: #fff1d6;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #161616; --paper: #232323; --ink: #f0f0f0; --quiet: #b0b0b0; --line: #414141; --edge: #8f8f8f;
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
li > button { display: grid; grid-template-columns: 2.25rem 1fr; column-gap: .75rem; align-items: center; width: 100%; padding: .625rem .75rem; border: 0; background: none; color: inherit; font: inherit; text-align: left; cursor: pointer; }
li > button:hover { background: var(--hover); }
button:focus-visible, a:focus-visible, summary:focus-visible { outline: 2px solid var(--accent); outline-offset: -2px; }
li > button[data-suggested] { background: var(--hover); box-shadow: inset 3px 0 var(--accent); }
.initials { display: grid; place-items: center; width: 2.25rem; height: 2.25rem; border-radius: 50%; background: var(--accent); color: var(--on-accent); font-size: .8125rem; font-weight: 600; }
.who > * { display: block; }
.who small { color: var(--quiet); font-size: .8125rem; }
.who .special { color: var(--warn); }
summary { cursor: pointer; margin-top: 1.25rem; font-size: .875rem; color: var(--quiet); }
.actions { display: flex; gap: .75rem; justify-content: flex-end; margin: 1.25rem 0 0; }
.button, .actions button { display: inline-block; padding: .5rem 1.25rem; border: 1px solid var(--line); border-radius: .25rem; background: none; color: inherit; font: inherit; text-decoration: none; cursor: pointer; }
.button:hover, .actions button:hover { background: var(--hover); }
h3 { font-size: 1.0625rem; margin: 1.75rem 0 .25rem; }
h4 { font-size: .875rem; margin: 1rem 0 .5rem; }
code { font: .8125rem ui-monospace, "Cascadia Mono", Menlo, monospace; }
.wide main { max-width: 56rem; }
.wide h2 { font-size: 1.25rem; color: inherit; margin: 0 0 .75rem; }
section { margin-top: 2rem; padding-top: 1.5rem; border-top: 1px solid var(--line); }
.facts li, .records li { padding: .5rem .75rem; }
.records li > form { display: inline-block; margin: 0; }
.records summary { margin: 0; font-size: 1rem; color: inherit; }
.log { list-style: none; margin: .75rem 0 0; padding: 0; border: 1px solid var(--line); border-radius: .375rem; }
.log li { padding: .375rem .75rem; }
.log summary { margin: 0; font-size: .875rem; color: inherit; }
.wide form { display: flex; flex-wrap: wrap; gap: .5rem .75rem; align-items: end; margin: .75rem 0; }
.wide label { display: grid; gap: .125rem; flex: 1 1 12rem; min-width: 0; font-size: .8125rem; color: var(--quiet); }
.row { display: flex; flex-wrap: wrap; gap: .5rem .75rem; align-items: center; margin: .75rem 0; }
.row form { margin: 0; }
.row .button { min-height: 2.25rem; padding: .375rem .875rem; line-height: 1.35; border-color: var(--edge); }
.actions button.main { background: var(--accent); border-color: var(--accent); color: var(--on-accent); }
input, select { width: 100%; min-width: 0; min-height: 2.25rem; padding: .25rem .5rem; border: 1px solid var(--edge); border-radius: .25rem; background: var(--paper); color: var(--ink); font: inherit; }
input:focus-visible, select:focus-visible { outline: 2px solid var(--accent); outline-offset: 1px; }
.wide form > button { min-height: 2.25rem; padding: .25rem .875rem; border: 1px solid var(--edge); border-radius: .25rem; background: none; color: inherit; font: inherit; cursor: pointer; }
.wide form > button:hover { background: var(--hover); }
dl { display: grid; grid-template-columns: fit-content(40%) minmax(0, 1fr); gap: .25rem 1rem; margin: .5rem 0; font-size: .875rem; }
dt { color: var(--quiet); }
dd { margin: 0; }
.special, .problem { color: var(--warn); }
pre { margin: 1rem 0 0; font-size: .75rem; color: var(--quiet); white-space: pre-wrap; }
iframe { display: none; }
@media (max-width: 30rem) { main { margin: 0; border-width: 0 0 1px; border-radius: 0; padding: 1rem; } }
`
