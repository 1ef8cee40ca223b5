import { randomBytes } from 'node:crypto'
import type { Application } from './directory.ts'
import type { AddressedExchange } from './exchange.ts'
import {
  type Authority,
  findPersonAt,
  findPersonById,
  isEnabled,
  type Person,
} from './find-in-directory.ts'
import type { RedeemedGrant } from './redeem-code.ts'
import { type Refusal, refusal } from './refusals.ts'
import { revocationsOf } from './revoke-sessions.ts'
import { type EmulatorState, type Grant, REFRESH_TOKEN_DAYS } from './state.ts'

/** Issues a refresh token for a grant. As in Entra, earlier ones stay valid. */
export function issueRefreshToken(state: EmulatorState, grant: Grant): string {
  const refreshToken = `emulator-refresh.${randomBytes(600).toString('base64url')}`
  const { clientId, platform, userId, askedScopes, requestedClaims, stepUps, sid } = grant
  const { authenticatedAt, revocations } = grant
  const kept = { clientId, platform, userId, askedScopes, requestedClaims, stepUps, sid }
  state.refreshTokens.set(refreshToken, {
    ...kept,
    authenticatedAt,
    revocations,
    inactiveAfter: new Date(state.now().getTime() + REFRESH_TOKEN_DAYS * DAY_MILLISECONDS),
    endsAt: platform === 'spa' ? (grant.endsAt ?? nextDay(state)) : undefined,
  })
  return refreshToken
}

const DAY_MILLISECONDS = 86_400_000

/** The refresh tokens of a single-page application expire together, a day after the first of them. */
function nextDay(state: EmulatorState): Date {
  return new Date(state.now().getTime() + DAY_MILLISECONDS)
}

/**
 * Finds the grant of a refresh token, at the tenant where it is used.
 *
 * @see RFC 6749 §6
 */
export function useRefreshToken(
  state: EmulatorState,
  { form, authority }: AddressedExchange,
  application: Application,
): RedeemedGrant | Refusal {
  const refreshToken = form.get('refresh_token')
  if (!refreshToken) return refusal(900144, 'The parameter "refresh_token" is missing.')
  const issued = state.refreshTokens.find(refreshToken)
  if (issued === undefined || issued.clientId !== application.clientId) return refusal(70000)
  if (issued.endsAt !== undefined && issued.endsAt <= state.now()) return refusal(700084)
  if (issued.inactiveAfter <= state.now()) return refusal(700082)

  const person = findPersonOfGrant(state, issued, authority)
  return 'error' in person
    ? person
    : { grant: { ...issued, userId: person.user.id }, person, isRefresh: true }
}

/** Finds the user of an earlier grant at the tenant where it is used, unless the grant has ended meanwhile. */
export function findPersonOfGrant(
  state: EmulatorState,
  { userId, revocations }: Grant,
  authority: Authority,
): Person | Refusal {
  const subject = findPersonById(state.directory, userId)
  if (subject === undefined) return refusal(50034)
  const isAlias = authority.kind === 'alias'
  const person = isAlias ? subject : findPersonAt(state.directory, authority, subject)
  if (person === undefined) return { ...refusal(50020), error: 'invalid_grant' }
  if (!isEnabled(state.directory, person)) return { ...refusal(50057), error: 'invalid_grant' }
  const isRevoked = revocations !== revocationsOf(state, person)
  return isRevoked ? refusal(50173) : person
}
