/**
 * Keeps what Conditional Access requires: Entra refuses the code with a `claims` challenge, and accepts the next sign-in only if it
 * sends the challenge back. Without it, "start again" would be refused again and again.
 *
 * @see https://learn.microsoft.com/entra/identity-platform/claims-challenge
 */
import type { EntradaError } from '../errors/errors.ts'
import { cookieName, dropCookie, setCookie } from '../http/cookies.ts'
import type { Exchange } from '../http/exchange.ts'
import type { EntraError } from '../identity-provider/entra/protocol/explain-entra-error.ts'
import type { Services } from '../services.ts'

type Browser = Pick<Exchange, 'here' | 'cookies'>

const LIFETIME_SECONDS = 600
const MAX_CHALLENGE_LENGTH = 1500

/** Returns the `Set-Cookie` line that keeps a refusal's challenge for the next start; none without a challenge. */
export function claimsChallengeCookie(
  services: Pick<Services, 'deployment' | 'keyRing'>,
  here: URL,
  { detail }: EntradaError,
): string[] {
  const { entra } = detail as { readonly entra?: EntraError } // put there by entra-oidc
  if (entra?.claims === undefined || entra.claims.length > MAX_CHALLENGE_LENGTH) return []
  const name = challengeCookieName(services, here)
  const sealed = services.keyRing.seal('claims-challenge', entra.claims, boundTo(name, here))
  return [setCookie(name, sealed, { here, maxAgeSeconds: LIFETIME_SECONDS })]
}

/** The challenge that this browser brings back to Entra, if it holds one. */
export function claimsChallenge(
  services: Pick<Services, 'deployment' | 'keyRing'>,
  { here, cookies }: Browser,
): string | undefined {
  const name = challengeCookieName(services, here)
  const sealed = cookies.get(name)
  if (sealed === undefined) return undefined
  try {
    return services.keyRing.open('claims-challenge', sealed, boundTo(name, here))
  } catch {
    return undefined
  }
}

/** Returns the `Set-Cookie` line that removes the challenge, if there is one. */
export function dropClaimsChallengeCookie(
  services: Pick<Services, 'deployment'>,
  { here, cookies }: Browser,
): string[] {
  const name = challengeCookieName(services, here)
  return cookies.has(name) ? [dropCookie(name, here)] : []
}

function challengeCookieName(services: Pick<Services, 'deployment'>, here: URL): string {
  return cookieName(services, here, 'claims-challenge')
}

function boundTo(name: string, here: URL): string {
  return `${name}@${here.host}`
}
