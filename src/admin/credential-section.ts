/**
 * The credentials with which Entrada authenticates at Entra, as the operators' page shows them: which exist, when they expire, and
 * what an operator has to do.
 */
import { html } from 'hono/html'
import type { Html } from '../http/responses.ts'
import type { CredentialStatus } from '../identity-provider/client-credentials.ts'
import { expiryThreshold } from '../identity-provider/credential-expiry.ts'
import type { Services } from '../services.ts'

/** Returns what an operator has to do about the credentials of the environment's connection. */
export function credentialNotices({
  credentialStatus,
}: Pick<Services, 'credentialStatus'>): readonly string[] {
  return credentialStatus().flatMap((status) => noticeOf(status) ?? [])
}

/** Renders the credentials of the environment's connection. */
export function credentialSection({ credentialStatus }: Pick<Services, 'credentialStatus'>): Html {
  const credentials = credentialStatus()
  if (credentials.length === 0) return html``
  return html`${credentialNotices({ credentialStatus }).map((text) => html`<p class="notice">${text}</p>`)}
<div class="table" role="region" aria-label="Credentials" tabindex="0"><table>
<thead><tr><th scope="col">Credential</th><th scope="col">State</th><th scope="col">Ends</th></tr></thead>
<tbody>${credentials.map(
    (status) =>
      html`<tr><td><code>${status.id}</code></td><td>${stateOf(status)}</td><td>${endOf(status)}</td></tr>`,
  )}</tbody></table></div>`
}

function noticeOf(credential: CredentialStatus): string | undefined {
  const { id, state, daysLeft } = credential
  if (state === 'expired') return `${id} has ended. Put a new one in its place.`
  if (state === 'refused') {
    const why = whyRefused(credential)
    return `${id} was refused when it was tried last${why ? ` (${why})` : ''}. Another one is tried in its place, if there is one.`
  }
  if (expiryThreshold(credential) === undefined) return undefined
  return `${id} ends in ${daysLeft === 1 ? 'one day' : `${daysLeft} days`}. Add a new one now.`
}

function stateOf(credential: CredentialStatus): string {
  const why = whyRefused(credential)
  return why === '' ? credential.state : `${credential.state}: ${why}`
}

function whyRefused({ state, refusal }: CredentialStatus): string {
  if (state !== 'refused' || refusal === undefined) return ''
  const { reason, entraCodes = [] } = refusal
  return reason ?? entraCodes.map((code) => `AADSTS${code}`).join(', ')
}

function endOf({ kind, expiresAt }: CredentialStatus): string {
  if (expiresAt !== undefined) return expiresAt.toISOString().slice(0, 10)
  return kind === 'federated_token_file'
    ? 'renewed by the platform'
    : 'not known; set ENTRADA_ENTRA_CLIENT_SECRET_EXPIRES'
}
