/**
 * Stops sign-in loops: an application that does not see the session sends the user back to sign in, Entra answers at once, and so
 * on until the browser gives up. It counts starts in a browser that was signed in just before.
 */
import { EntradaError } from '../errors/errors.ts'
import { cookieName, setCookie } from '../http/cookies.ts'
import type { Exchange } from '../http/exchange.ts'
import type { Services } from '../services.ts'
import { findSession } from '../session/session.ts'

/** A user who reads a page before signing in again takes longer. */
const JUST_NOW_MS = 30_000
const REMEMBERED_MS = 60_000
const MOST_ROUNDS = 5

/**
 * `Set-Cookie` lines that count one more round; none where there is nothing to count. Where Entra will ask the person for an account
 * there is no circle, and this is not called.
 *
 * @throws {EntradaError} `sign_in_loop`
 */
export async function countRound(services: Services, exchange: Exchange): Promise<string[]> {
  const view = await findSession(services, exchange)
  const time = services.now().getTime()
  if (view === undefined || time - view.session.createdAt.getTime() > JUST_NOW_MS) return []
  const rounds = roundsBefore(services, exchange, time) + 1
  if (rounds > MOST_ROUNDS) {
    throw new EntradaError('sign_in_loop', { rounds, connection: view.session.connectionId })
  }
  const { here } = exchange
  const maxAgeSeconds = REMEMBERED_MS / 1000
  return [setCookie(roundsCookieName(services, here), `${rounds}.${time}`, { here, maxAgeSeconds })]
}

/** A client that forges the cookie only stops, or continues, its own loop. */
function roundsBefore(
  services: Pick<Services, 'deployment'>,
  { here, cookies }: Exchange,
  time: number,
): number {
  const value = cookies.get(roundsCookieName(services, here)) ?? ''
  const [, rounds, at] = /^(\d{1,3})\.(\d{1,15})$/.exec(value) ?? []
  return time - Number(at ?? 0) <= REMEMBERED_MS ? Number(rounds) : 0
}

function roundsCookieName(services: Pick<Services, 'deployment'>, here: URL): string {
  return cookieName(services, here, 'rounds')
}
