/**
 * Pages that the proxy shows a browser on an application's host. Every address on them is complete, because ours are on another
 * host.
 */
import { html } from 'hono/html'
import { type EntradaError, errorEntry } from '../errors/errors.ts'
import { pageResponse } from '../http/responses.ts'
import type { Services } from '../services.ts'
import type { SessionView } from '../storage/records.ts'

/** Returns the page that asks the user to sign in. */
export function signInPage(
  services: Pick<Services, 'deployment'>,
  signInAddress: URL,
): Promise<Response> {
  return pageResponse(services, {
    title: 'Sign in first',
    status: 401,
    assetsFrom: signInAddress.origin,
    body: html`<h1>Sign in first</h1>
<p class="next"><a class="button" href="${signInAddress.href}">Sign in</a></p>`,
  })
}

/**
 * Returns the page that denies access. The user has to click to go on, because a page that goes on by itself would come back here
 * for ever.
 */
export function deniedPage(
  services: Pick<Services, 'deployment' | 'now'>,
  {
    error,
    correlationId,
    signInAddress,
    view,
  }: {
    readonly error: EntradaError
    readonly correlationId: string
    readonly signInAddress: URL
    readonly view: SessionView | undefined
  },
): Promise<Response> {
  const { status, shown, fix } = errorEntry(error.code)
  const name = view?.membership?.profile.displayName ?? view?.membership?.username
  return pageResponse(services, {
    title: 'No access',
    status,
    assetsFrom: signInAddress.origin,
    body: html`<h1>No access</h1>
<p class="sentence">${shown}</p>
${name ? html`<p>You are signed in as <strong>${name}</strong>.</p>` : ''}
<p class="next"><a class="button plain" href="${signInAddress.href}">Sign in with another account</a></p>
<details open>
<summary>For your administrator</summary>
<dl>
<dt>Code</dt><dd><code>${error.code}</code></dd>
<dt>What to do</dt><dd>${fix}</dd>
<dt>Correlation id</dt><dd><code>${correlationId}</code></dd>
<dt>Time</dt><dd>${services.now().toISOString()}</dd>
</dl>
</details>`,
  })
}
