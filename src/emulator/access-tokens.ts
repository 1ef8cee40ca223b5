import { randomBytes } from 'node:crypto'
import { type ApiTokenSubject, audienceOf, newApiTokenClaims } from './api-token-claims.ts'
import { signAccessToken } from './sign-id-token.ts'
import type { EmulatorState, Grant, IssuedAccessToken } from './state.ts'

export const ACCESS_TOKEN_SECONDS = 3599

/** Issues an access token for Microsoft Graph: opaque to clients, and long, like a real one. */
export function issueGraphToken(
  state: EmulatorState,
  allowed: Omit<IssuedAccessToken, 'expiresAt'>,
): string {
  const accessToken = `emulator-access.${randomBytes(900).toString('base64url')}`
  state.accessTokens.set(accessToken, { ...allowed, expiresAt: endOf(state) })
  return accessToken
}

/** Issues an access token for an API of the directory: a JWT that the published keys verify. */
export async function issueApiToken(
  state: EmulatorState,
  subject: Omit<ApiTokenSubject, 'origin' | 'directory' | 'now' | 'lifetimeSeconds'>,
  grant?: Grant,
): Promise<string> {
  const { origin, directory } = state
  const now = state.now()
  const claims = newApiTokenClaims({
    ...subject,
    origin,
    directory,
    now,
    lifetimeSeconds: ACCESS_TOKEN_SECONDS,
  })
  const key = await state.keys.current()
  const accessToken = signAccessToken(claims, key, subject.api.accessTokenVersion)
  const audience = audienceOf(subject)
  state.apiTokens.set(accessToken, { grant, audience, expiresAt: endOf(state) })
  return accessToken
}

function endOf(state: EmulatorState): Date {
  return new Date(state.now().getTime() + ACCESS_TOKEN_SECONDS * 1000)
}
