import { html } from 'hono/html'
import type { Fragment } from '../pages.ts'
import type { EmulatorRequest, EmulatorState } from '../state.ts'
import { action } from './page-parts.ts'

const SHOWN = 50

/** Renders the newest requests, newest first. */
export function requestsSection(
  { requests }: EmulatorState,
  { watches }: { readonly watches: boolean },
): Fragment {
  const newest = requests.slice(-SHOWN).toReversed()
  return html`<section aria-labelledby="requests"><h2 id="requests">Requests</h2>
    <div class="row">
      <a class="button" href="/emulator">Reload</a>
      ${watches ? html`<strong>Reloading every 3 seconds</strong>` : html`<a class="button" href="/emulator?watch">Watch</a>`}
      ${action('clear-requests', { button: 'Forget them' })}
    </div>
    ${newest.length === 0 ? html`<p>None yet.</p>` : html`<ol class="log">${newest.map(line)}</ol>`}
    </section>`
}

function line({ at, method, endpoint, path, status, params }: EmulatorRequest): Fragment {
  const isBad = status !== undefined && status >= 400
  return html`<li><details><summary><time>${at.toISOString().slice(11, 19)}</time> <b>${endpoint}</b> ${method}
    <span${isBad ? html` class="special"` : ''}>${status ?? 'waiting'}</span></summary>
    <code>${path}</code>
    <dl>${Object.entries(params).map(([name, value]) => html`<dt>${name}</dt><dd>${value}</dd>`)}</dl></details></li>`
}
