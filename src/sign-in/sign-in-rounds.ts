/**
 * Stops going round in circles: an application that does not see who has just signed in sends them back to sign in, Entra answers at
 * once, and so on until the browser gives up. Counted are starts of a browser that has only just been signed in.
 */
import { EntradaError } from '../errors/errors.ts'
import { cookieName, setCookie } from '../http/cookies.ts'
import type { Exchange } from '../http/exchange.ts'
import type { Services } from '../services.ts'
import { findSession } from '../session/session.ts'

/** A person who reads a page and goes on to sign in again takes longer. */
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

/** Whoever writes the cookie themselves stops, or goes on with, their own circle alone. */
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
