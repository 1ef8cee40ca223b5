import type { Application } from './directory.ts'
import type { AddressedExchange } from './exchange.ts'
import type { RedeemedGrant } from './redeem-code.ts'
import { findPersonOfGrant } from './refresh-tokens.ts'
import { type Refusal, refusal } from './refusals.ts'
import { identifiersOf } from './resources.ts'
import type { EmulatorState, IssuedApiToken } from './state.ts'

/**
 * Lets an API act on behalf of the user whose access token it received. The token has to be for this API, and of a user.
 *
 * @see RFC 7523 §2.1
 */
export function useAssertion(
  state: EmulatorState,
  { form, authority }: AddressedExchange,
  application: Application,
): RedeemedGrant | Refusal {
  const missing = ['requested_token_use', 'assertion', 'scope'].find((name) => !form.get(name))
  if (missing !== undefined) return refusal(900144, `The parameter "${missing}" is missing.`)
  if (form.get('requested_token_use') !== 'on_behalf_of') return refusal(70003)

  const issued = findIssued(state, form.get('assertion') ?? '', application)
  if ('error' in issued) return issued
  if (issued.grant === undefined) return refusal(7000114)
  const { clientId } = application
  // What was granted to the client in front, including OpenID scopes, does not apply to this client.
  const ofThisClient = { clientId, platform: 'web', askedScopes: [], endsAt: undefined } as const
  const grant = { ...issued.grant, ...ofThisClient }
  const person = findPersonOfGrant(state, grant, authority)
  if ('error' in person) return person
  return { grant: { ...grant, userId: person.user.id }, person }
}

function findIssued(
  state: EmulatorState,
  assertion: string,
  application: Application,
): IssuedApiToken | Refusal {
  if (state.accessTokens.find(assertion) !== undefined) return refusal(500131)
  const issued = state.apiTokens.find(assertion)
  if (issued === undefined) {
    const text = 'The assertion is not an access token of this directory.'
    return { ...refusal(50013, text), error: 'invalid_grant' }
  }
  if (issued.expiresAt <= state.now()) return refusal(500133)
  const names = identifiersOf(application).map((name) => name.toLowerCase())
  return names.includes(issued.audience.toLowerCase()) ? issued : refusal(500131)
}
