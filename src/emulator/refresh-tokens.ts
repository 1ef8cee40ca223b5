import { randomBytes } from 'node:crypto'
import { consentedScopes, decideConsent } from './consent.ts'
import type { Application } from './directory.ts'
import {
  type Authority,
  findPersonAt,
  findPersonById,
  homeOf,
  type Person,
} from './find-in-directory.ts'
import { type Refusal, refusal } from './refusals.ts'
import { revocationsOf } from './revoke-sessions.ts'
import { type EmulatorState, type Grant, REFRESH_TOKEN_DAYS } from './state.ts'

/** A new refresh token for a grant. The ones before stay good, as Entra's do. */
export function issueRefreshToken(state: EmulatorState, grant: Grant): string {
  const refreshToken = `emulator-refresh.${randomBytes(600).toString('base64url')}`
  const { clientId, userId, scopes, requestedClaims, stepUps, sid } = grant
  const { authenticatedAt, revocations } = grant
  const inactiveAfter = new Date(state.now().getTime() + REFRESH_TOKEN_DAYS * 86_400_000)
  const kept = { clientId, userId, scopes, requestedClaims, stepUps, sid }
  state.refreshTokens.set(refreshToken, { ...kept, authenticatedAt, revocations, inactiveAfter })
  return refreshToken
}

/**
 * Finds what a refresh token stands for, at the tenant it is used at.
 *
 * @see RFC 6749 §6
 */
export function useRefreshToken(
  state: EmulatorState,
  refreshToken: string | null,
  at: { readonly application: Application; readonly authority: Authority },
): { readonly grant: Grant; readonly person: Person } | Refusal {
  if (!refreshToken) return refusal(900144, 'The parameter "refresh_token" is missing.')
  const issued = state.refreshTokens.find(refreshToken)
  if (issued === undefined || issued.clientId !== at.application.clientId) return refusal(70000)
  if (issued.inactiveAfter <= state.now()) return refusal(700082)

  const subject = findPersonById(state.directory, issued.userId)
  if (subject === undefined) return refusal(50034)
  const isAlias = at.authority.kind === 'alias'
  const person = isAlias ? subject : findPersonAt(state.directory, at.authority, subject)
  if (person === undefined) return { ...refusal(50020), error: 'invalid_grant' }
  const account = homeOf(state.directory, person)
  if (!person.user.accountEnabled || !account.user.accountEnabled) {
    return { ...refusal(50057), error: 'invalid_grant' }
  }
  if (issued.revocations !== revocationsOf(state, account)) return refusal(50173)
  return { grant: { ...issued, userId: person.user.id }, person }
}

/** The scopes of a refreshed answer: what is asked for, if that was consented to, else all that was granted. */
export function refreshedScopes(
  asked: readonly string[],
  { grant, person, application }: { grant: Grant; person: Person; application: Application },
): readonly string[] | Refusal {
  const wanted = asked.length === 0 ? grant.scopes : asked
  if (decideConsent(application, person, wanted).kind === 'given') {
    return consentedScopes(application, person, wanted)
  }
  return { ...refusal(65001), error: 'invalid_grant', suberror: 'consent_required' }
}
