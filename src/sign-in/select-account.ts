import { cookieName, dropCookie, setCookie } from '../http/cookies.ts'
import type { Exchange } from '../http/exchange.ts'
import type { Services } from '../services.ts'

type Browser = Pick<Exchange, 'here' | 'cookies'>

/**
 * Whether the next sign-in of this browser asks Entra for its account picker (design rule 9). Without it Entra silently returns
 * the person who has just been refused, or has just signed out.
 */
export function mustSelectAccount(
  services: Pick<Services, 'deployment'>,
  { here, cookies }: Browser,
): boolean {
  return cookies.has(selectAccountCookieName(services, here))
}

/** The `Set-Cookie` line that makes the next sign-in ask; it ends with the browser or with a sign-in. */
export function selectAccountCookie(services: Pick<Services, 'deployment'>, here: URL): string {
  return setCookie(selectAccountCookieName(services, here), '1', { here })
}

export function dropSelectAccountCookie(
  services: Pick<Services, 'deployment'>,
  browser: Browser,
): string[] {
  const { here } = browser
  return mustSelectAccount(services, browser)
    ? [dropCookie(selectAccountCookieName(services, here), here)]
    : []
}

function selectAccountCookieName(services: Pick<Services, 'deployment'>, here: URL): string {
  return cookieName(services, here, 'select-account')
}
