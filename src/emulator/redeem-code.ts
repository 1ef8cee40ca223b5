import { createHash } from 'node:crypto'
import type { Application } from './directory.ts'
import type { AddressedExchange } from './exchange.ts'
import { authoritySegment, findPersonById, type Person } from './find-in-directory.ts'
import { type Refusal, refusal } from './refusals.ts'
import type { EmulatorState, Grant, IssuedCode } from './state.ts'

/** A valid grant, and the user that it is about. */
export type RedeemedGrant = {
  readonly grant: Grant
  readonly person: Person
  readonly nonce?: string | undefined
  readonly isRefresh?: true
}

/**
 * Redeems a code once. The function has no `await`, so only one of any number of concurrent requests succeeds.
 *
 * @see RFC 6749 §4.1.3, RFC 7636 §4.6
 */
export function redeemCode(
  state: EmulatorState,
  { form, authority }: AddressedExchange,
  application: Application,
): RedeemedGrant | Refusal {
  const code = form.get('code')
  if (!code) return refusal(900144, 'The parameter "code" is missing.')
  if (!form.get('redirect_uri')) {
    return refusal(900144, 'The parameter "redirect_uri" is missing.')
  }
  const issued = state.codes.find(code)
  if (issued === undefined || issued.clientId !== application.clientId) return refusal(70000)
  if (issued.spent) return refusal(54005)
  if (issued.expiresAt <= state.now()) return refusal(70008)
  if (issued.authoritySegment !== authoritySegment(authority)) return refusal(700005)
  if (issued.redirectUri !== form.get('redirect_uri')) return refusal(500112)
  if (issued.platform === 'spa' && issued.codeChallenge === undefined) return refusal(9002325)
  if (!isProven(issued.codeChallenge, form.get('code_verifier'))) return refusal(501481)

  const person = findPersonById(state.directory, issued.userId)
  if (!person?.user.accountEnabled) return { ...refusal(50057), error: 'invalid_grant' }
  state.codes.set(code, { ...issued, spent: true })
  return { grant: issued, person, nonce: issued.nonce }
}

function isProven(challenge: IssuedCode['codeChallenge'], verifier: string | null): boolean {
  if (challenge === undefined) return verifier === null
  if (verifier === null) return false
  if (challenge.method === 'plain') return challenge.value === verifier
  return challenge.value === createHash('sha256').update(verifier).digest('base64url')
}
