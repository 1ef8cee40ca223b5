/** The look: one stylesheet and one mark, both text, so that a library host needs no files beside the code. */

/** A door ajar in the colours of the pages. */
const favicon = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect x="5" y="2" width="22" height="28" rx="4" fill="#0b5c58"/><path d="M10 6l10 4v16l-10-3z" fill="#f4efe6"/><circle cx="17" cy="16" r="1.6" fill="#0b5c58"/></svg>`

const stylesheet = `
:root {
  color-scheme: light dark;
  --ground: light-dark(#f6f3ee, #14181a);
  --sheet: light-dark(#ffffff, #1d2326);
  --ink: light-dark(#1c2321, #e8ebe9);
  --quiet: light-dark(#515b58, #a9b3b0);
  --line: light-dark(#d9d4ca, #39423f);
  --accent: light-dark(#0b5c58, #6fd0c6);
  --on-accent: light-dark(#ffffff, #0d1413);
  --note: light-dark(#ffe9b8, #4a3a10);
}
* { box-sizing: border-box; }
body { margin: 0; min-height: 100vh; display: flex; flex-direction: column; align-items: center;
  background: var(--ground); color: var(--ink); font: 1rem/1.5 "Segoe UI", system-ui, sans-serif; }
main { width: min(30rem, 100% - 2rem); margin: clamp(1.5rem, 12vh, 8rem) 0 2rem; padding: clamp(1.25rem, 5vw, 2.5rem);
  background: var(--sheet); border: 1px solid var(--line); border-radius: .75rem; border-top: .3rem solid var(--accent); }
.wide main { width: min(62rem, 100% - 2rem); margin-top: 2rem; }
h1 { margin: 0 0 1rem; font-size: 1.6rem; line-height: 1.2; overflow-wrap: anywhere; }
h2 { margin: 2rem 0 .5rem; font-size: 1.15rem; }
p { margin: 0 0 1rem; overflow-wrap: anywhere; }
a { color: var(--accent); }
small { color: var(--quiet); }
code { font: .9em ui-monospace, "Cascadia Mono", Menlo, monospace; overflow-wrap: anywhere; }
.sentence { font-size: 1.1rem; }
.development { width: 100%; margin: 0; padding: .5rem 1rem; text-align: center; background: var(--note); color: var(--ink); }
.entra-button { display: inline-flex; align-items: center; gap: 12px; min-height: 41px; padding: 8px 12px; max-width: 100%;
  background: #ffffff; color: #5e5e5e; border: 1px solid #8c8c8c; font: 600 15px/1.4 "Segoe UI", system-ui, sans-serif; text-decoration: none; }
.entra-button svg { flex: none; }
.entra-button:hover { background: #f3f3f3; }
.button { display: inline-block; padding: .55rem 1.1rem; border: 1px solid var(--accent); border-radius: .4rem; cursor: pointer;
  background: var(--accent); color: var(--on-accent); font: inherit; font-weight: 600; text-decoration: none; }
.button.plain { background: transparent; color: var(--accent); }
.entra-button:focus-visible, .button:focus-visible, a:focus-visible, input:focus-visible, summary:focus-visible {
  outline: 3px solid var(--accent); outline-offset: 2px; }
.stack { display: flex; flex-wrap: wrap; gap: .75rem; margin: 0 0 1rem; }
.stack label, .stack input { flex: 1 1 100%; }
input { padding: .5rem .6rem; border: 1px solid var(--quiet); border-radius: .4rem; background: var(--sheet); color: var(--ink); font: inherit; min-width: 0; }
dl { margin: 0 0 1.5rem; display: grid; grid-template-columns: minmax(7rem, auto) 1fr; gap: .35rem 1rem; }
dt { color: var(--quiet); }
dd { margin: 0; overflow-wrap: anywhere; min-width: 0; }
details { border-top: 1px solid var(--line); padding-top: 1rem; font-size: .92rem; }
summary { cursor: pointer; color: var(--quiet); margin-bottom: .75rem; }
.cards { list-style: none; margin: 0 0 1rem; padding: 0; display: grid; gap: .75rem; }
.cards li { padding: 1rem; border: 1px solid var(--line); border-radius: .5rem; }
.cards p { margin-bottom: .6rem; }
.table { overflow-x: auto; margin-bottom: 1rem; }
table { border-collapse: collapse; width: 100%; font-size: .92rem; }
th, td { text-align: left; vertical-align: top; padding: .4rem .75rem .4rem 0; border-bottom: 1px solid var(--line); }
th { color: var(--quiet); font-weight: 600; }
@media (max-width: 26rem) { dl { grid-template-columns: 1fr; } dd { margin-bottom: .5rem; } }
`

const assets: Readonly<Record<string, { readonly type: string; readonly text: string }>> = {
  'entrada.css': { type: 'text/css; charset=utf-8', text: stylesheet },
  'favicon.svg': { type: 'image/svg+xml', text: favicon },
}

/** A file of the look, or `undefined`. */
export function assetResponse(name: string): Response | undefined {
  const asset = Object.hasOwn(assets, name) ? assets[name] : undefined
  if (asset === undefined) return undefined
  return new Response(asset.text, {
    headers: { 'content-type': asset.type, 'cache-control': 'public, max-age=3600' },
  })
}
