/**
 * The files of the pages: one stylesheet, one logo and one small script, all as text in the code, so that a host application needs
 * no further files.
 */
import type { Services } from '../services.ts'
import { adminStylesheet } from './admin-stylesheet.ts'
import { type Brand, brandStylesheet } from './brand.ts'
import { toHex } from './contrast.ts'
import { pathTo } from './exchange.ts'

/** The icon shows a door ajar in the colours of the pages. */
const favicon = ({ color }: Brand) =>
  `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect x="5" y="2" width="22" height="28" rx="4" fill="${doorColor(color)}"/><path d="M10 6l10 4v16l-10-3z" fill="#f4efe6"/><circle cx="17" cy="16" r="1.6" fill="${doorColor(color)}"/></svg>`

function doorColor(color: Brand['color']): string {
  return color === undefined ? '#12766f' : toHex(color)
}

const stylesheet = `
:root {
  color-scheme: light dark;
  --ground: #f4f1ea; --sheet: #fff; --ink: #1b2422; --quiet: #545e5b; --line: #ded9ce; --edge: #7f8885;
  --accent: #0b5c58; --accent-strong: #084643; --on-accent: #fff; --note: #ffe9b8; --shadow: #1b24221a;
  --entra-ground: #fff; --entra-hover: #f3f3f3; --entra-ink: #5e5e5e; --entra-edge: #8c8c8c;
  --button: var(--accent); --button-hover: var(--accent-strong); --on-button: var(--on-accent);
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #111618; --sheet: #1b2124; --ink: #e9eceb; --quiet: #a9b3b0; --line: #353f42; --edge: #7d8886;
    --accent: #74d3c9; --accent-strong: #9be3db; --on-accent: #0d1413; --note: #4a3a10; --shadow: #0000;
    --entra-ground: #2f2f2f; --entra-hover: #3d3d3d; --entra-ink: #fff; --entra-edge: #8c8c8c;
  }
}
* { box-sizing: border-box; }
[hidden] { display: none !important; }
body { margin: 0; min-height: 100vh; display: flex; flex-direction: column; align-items: center; padding-bottom: clamp(2rem, 12vh, 8rem);
  background: var(--ground); color: var(--ink); font: 1rem/1.5 "Segoe UI", system-ui, sans-serif; -webkit-text-size-adjust: 100%; }
.development { width: 100%; padding: .5rem 1rem; text-align: center; font-size: .9rem; background: var(--note); color: var(--ink); }
.brand { display: flex; align-items: center; justify-content: center; gap: .6rem; margin: auto 0 0; padding: 2rem 1rem 0;
  font-size: 1.05rem; font-weight: 600; letter-spacing: .01em; }
.brand img { display: block; flex: none; object-fit: contain; }
.brand .wordmark { width: auto; max-width: min(16rem, 100%); height: 2.25rem; }
.support { width: min(31rem, 100% - 2rem); margin: -.5rem 0 1.5rem; text-align: center; color: var(--quiet); font-size: .9rem; overflow-wrap: anywhere; }
.wide .support { width: min(62rem, 100% - 2rem); }
main { width: min(31rem, 100% - 2rem); margin: 1.5rem 0 auto; padding: 2.25rem 2.5rem 2.5rem; background: var(--sheet);
  border: 1px solid var(--line); border-radius: .875rem; box-shadow: 0 1px 2px var(--shadow), 0 .75rem 2.5rem -1rem var(--shadow); }
.wide main { width: min(62rem, 100% - 2rem); }
.wide .brand { justify-content: flex-start; width: min(62rem, 100% - 2rem); margin: 0; padding: 1.5rem 0 0; }
h1 { margin: 0 0 1rem; font-size: 1.65rem; font-weight: 600; line-height: 1.2; letter-spacing: -.01em; overflow-wrap: anywhere; }
h2 { margin: 2.25rem 0 .75rem; font-size: 1.15rem; font-weight: 600; }
p { margin: 0 0 1rem; overflow-wrap: anywhere; }
main > :last-child { margin-bottom: 0; }
a { color: var(--accent); text-underline-offset: .15em; }
a:hover { color: var(--accent-strong); }
small { color: var(--quiet); font-size: .85rem; }
code { font: .9em ui-monospace, "Cascadia Mono", Menlo, monospace; overflow-wrap: anywhere; }
.sentence { font-size: 1.1rem; }
.notice { padding: .75rem 1rem; border-radius: .45rem; background: var(--note); }
.lead { color: var(--quiet); }
.lead strong { color: var(--ink); font-weight: 600; }
.next { margin: 1.5rem 0; }
.entra-button { display: flex; align-items: center; justify-content: center; gap: 12px; min-height: 44px; padding: 9px 12px;
  background: var(--entra-ground); color: var(--entra-ink); border: 1px solid var(--entra-edge);
  font: 600 15px/1.4 "Segoe UI", system-ui, sans-serif; text-decoration: none; }
.entra-button svg { flex: none; }
.entra-button:hover { background: var(--entra-hover); color: var(--entra-ink); }
.button { display: inline-block; min-height: 44px; padding: .55rem 1.2rem; border: 1px solid var(--accent); border-radius: .45rem; cursor: pointer;
  background: var(--button); color: var(--on-button); font: inherit; font-weight: 600; text-align: center; text-decoration: none; }
.button:hover { background: var(--button-hover); border-color: var(--accent-strong); color: var(--on-button); }
.button.plain { background: none; border-color: var(--edge); color: var(--ink); }
.button.plain:hover { background: var(--ground); border-color: var(--accent); }
.entra-button:focus-visible, .button:focus-visible, a:focus-visible, input:focus-visible, select:focus-visible, textarea:focus-visible, summary:focus-visible, .table:focus-visible {
  outline: 3px solid var(--accent); outline-offset: 2px; }
.stack { display: flex; flex-wrap: wrap; gap: .75rem; margin: 0 0 1.25rem; }
.stack label, .stack input { flex: 1 1 100%; }
.stack label { font-weight: 600; margin-bottom: -.4rem; }
.stack .button { flex: 1 0 auto; max-width: 100%; }
select, textarea { font: inherit; }
.stack select { flex: 1 1 100%; }
.stack small { flex: 1 1 100%; margin-top: -.4rem; }
.stack [aria-invalid=true] { border-width: 2px; border-color: var(--ink); }
.value { margin: 0 0 1rem; }
.value label { display: block; font-weight: 600; margin-bottom: .25rem; }
.value div { display: flex; flex-wrap: wrap; align-items: center; gap: .5rem .75rem; }
.value input, .value textarea { flex: 1 1 16rem; font: .9em ui-monospace, "Cascadia Mono", Menlo, monospace; }
.value textarea { width: 100%; flex-basis: 100%; min-height: 16rem; padding: .7rem; border: 1px solid var(--edge); border-radius: .45rem;
  background: var(--sheet); color: var(--ink); white-space: pre; overflow: auto; }
.value [role=status]:empty { display: none; }
.out-of-sight { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
.steps { padding-left: 1.4rem; margin: 0 0 1rem; }
.steps li { margin-bottom: .5rem; overflow-wrap: anywhere; }
.choices { display: grid; gap: 1rem; margin: 0 0 1.25rem; }
.choices > * { padding: 1rem 1.25rem; border: 1px solid var(--line); border-radius: .6rem; }
.choices h3, h3 { margin: 0 0 .5rem; font-size: 1rem; font-weight: 600; }
.choices > * > :last-child { margin-bottom: 0; }
select { min-height: 44px; padding: .5rem .7rem; border: 1px solid var(--edge); border-radius: .45rem; background: var(--sheet); color: var(--ink); min-width: 0; max-width: 100%; }
input { min-height: 44px; padding: .5rem .7rem; border: 1px solid var(--edge); border-radius: .45rem; background: var(--sheet); color: var(--ink); font: inherit; min-width: 0; }
dl { margin: 0 0 1.5rem; display: grid; grid-template-columns: fit-content(40%) minmax(0, 1fr); gap: .45rem 1.25rem; }
dt { color: var(--quiet); }
dd { margin: 0; overflow-wrap: anywhere; }
details { margin-top: 1.75rem; padding-top: 1.25rem; border-top: 1px solid var(--line); font-size: .9rem; }
details dl { margin: 0; grid-template-columns: fit-content(7.25rem) minmax(0, 1fr); gap: .45rem 1rem; }
details code { font-size: .85em; }
summary { width: fit-content; cursor: pointer; color: var(--quiet); font-weight: 600; }
details[open] summary { margin-bottom: .75rem; }
.cards { list-style: none; margin: 0 0 1.5rem; padding: 0; display: grid; gap: .75rem; }
.cards li { display: flex; flex-wrap: wrap; align-items: center; justify-content: space-between; gap: .75rem 1.5rem;
  padding: 1rem 1.25rem; border: 1px solid var(--line); border-radius: .6rem; }
.cards p { flex: 1 1 18rem; margin: 0; min-width: 0; }
.table { overflow-x: auto; margin-bottom: 1rem; }
table { border-collapse: collapse; width: 100%; font-size: .9rem; }
th, td { padding: .5rem 1.25rem .5rem 0; border-bottom: 1px solid var(--line); text-align: left; vertical-align: top; white-space: nowrap; }
th { color: var(--quiet); font-weight: 600; }
@media (max-width: 30rem) {
  body { background: var(--sheet); padding-bottom: 0; }
  .brand, .wide .brand { justify-content: flex-start; width: 100%; margin: 0; padding: 1.5rem 1.25rem 0; }
  main, .wide main { width: 100%; margin: 0; padding: 1.25rem 1.25rem 2rem; border: 0; border-radius: 0; box-shadow: none; }
  dl, details dl { grid-template-columns: minmax(0, 1fr); gap: 0; }
  dd { margin-bottom: .75rem; }
  .entra-button { justify-content: flex-start; }
}
`

type Asset = { readonly type: string; readonly body: string | Uint8Array<ArrayBuffer> }

/**
 * An SVG is a document. When a customer's logo is opened by itself, this policy keeps it from running scripts or loading anything,
 * while it is still drawn as intended.
 */
const logoPolicy = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; sandbox"
/** Copy buttons. They are hidden unless this script runs; the fields that they copy can also be selected by hand. */
const copyScript = `for (const button of document.querySelectorAll('button[data-copy]')) {
  const field = document.getElementById(button.dataset.copy)
  const status = button.parentElement.querySelector('[role=status]')
  button.hidden = false
  button.addEventListener('click', async () => {
    field.select()
    try { await navigator.clipboard.writeText(field.value) } catch { document.execCommand('copy') }
    status.textContent = 'Copied'
    setTimeout(() => { status.textContent = '' }, 3000)
  })
}
`

/** Returns an asset by its name, or `undefined` if there is none. */
export function assetResponse(
  { deployment }: Pick<Services, 'deployment'>,
  name: string,
): Response | undefined {
  const asset = assetOf(deployment.brand, name)
  if (asset === undefined) return undefined
  return new Response(asset.body, {
    headers: {
      'content-type': asset.type,
      'cache-control': 'public, max-age=3600',
      ...(name === 'logo' ? { 'content-security-policy': logoPolicy } : {}),
    },
  })
}

/**
 * Returns the address of an asset. It changes with the content, so that after an upgrade no browser shows new pages with an old
 * stylesheet.
 */
export function assetPath(services: Pick<Services, 'deployment'>, name: string): string {
  const asset = assetOf(services.deployment.brand, name)
  return pathTo(services, `/auth/assets/${name}?v=${asset ? fingerprintOf(asset) : 0}`)
}

function assetOf(brand: Brand, name: string): Asset | undefined {
  switch (name) {
    case 'entrada.css':
      return { type: 'text/css; charset=utf-8', body: stylesheet }
    case 'favicon.svg':
      return { type: 'image/svg+xml', body: favicon(brand) }
    case 'copy.js':
      return { type: 'text/javascript; charset=utf-8', body: copyScript }
    case 'admin.css':
      return { type: 'text/css; charset=utf-8', body: adminStylesheet }
    case 'brand.css':
      return { type: 'text/css; charset=utf-8', body: brandStylesheet(brand) }
    case 'logo':
      return brand.logo && { type: brand.logo.type, body: brand.logo.bytes }
    default:
      return undefined
  }
}

const fingerprints = new Map<Asset['body'], string>()

/** This is neither a secret nor a proof: the result only has to change when the text changes. @see FNV-1a */
function fingerprintOf({ body }: Asset): string {
  const cached = fingerprints.get(body)
  if (cached !== undefined) return cached
  let hash = 0x811c9dc5
  for (const byte of typeof body === 'string' ? new TextEncoder().encode(body) : body) {
    hash = Math.imul(hash ^ byte, 0x01000193) >>> 0
  }
  const fingerprint = hash.toString(36)
  fingerprints.set(body, fingerprint)
  return fingerprint
}
