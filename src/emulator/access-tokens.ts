import { randomBytes } from 'node:crypto'
import type { EmulatorState, IssuedAccessToken } from './state.ts'

export const ACCESS_TOKEN_SECONDS = 3599

/** A new access token for Microsoft Graph: opaque to everybody else, and long, like the real one. */
export function issueAccessToken(
  state: EmulatorState,
  allowed: Omit<IssuedAccessToken, 'expiresAt'>,
): string {
  const accessToken = `emulator-access.${randomBytes(900).toString('base64url')}`
  const expiresAt = new Date(state.now().getTime() + ACCESS_TOKEN_SECONDS * 1000)
  state.accessTokens.set(accessToken, { ...allowed, expiresAt })
  return accessToken
}
