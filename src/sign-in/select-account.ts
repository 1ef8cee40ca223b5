import { cookieName, dropCookie, setCookie } from '../http/cookies.ts'
import type { Exchange } from '../http/exchange.ts'
import type { Services } from '../services.ts'

type Browser = Pick<Exchange, 'here' | 'cookies'>

/**
 * Returns whether the next sign-in of this browser asks Entra for its account picker (design rule 9). Without it Entra silently
 * returns the person who was just refused, or who just signed out.
 */
export function mustSelectAccount(
  services: Pick<Services, 'deployment'>,
  { here, cookies }: Browser,
): boolean {
  return cookies.has(selectAccountCookieName(services, here))
}

/** Returns the `Set-Cookie` line that makes the next sign-in ask for the account; it ends with the browser session or a sign-in. */
export function selectAccountCookie(services: Pick<Services, 'deployment'>, here: URL): string {
  return setCookie(selectAccountCookieName(services, here), '1', { here })
}

/** Returns the `Set-Cookie` line that removes the cookie, if there is one. */
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
