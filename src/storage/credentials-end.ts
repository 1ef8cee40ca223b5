import type { Connection } from './records.ts'

/**
 * Returns the time after which none of a connection's active credentials works; `undefined` if there is none, or if the expiry of
 * one is unknown.
 */
export function credentialsEndAt({
  credentials,
}: Pick<Connection, 'credentials'>): Date | undefined {
  const ends = credentials
    .filter(({ state }) => state === 'active')
    .map(({ expiresAt }) => expiresAt?.getTime() ?? Number.POSITIVE_INFINITY)
  const last = Math.max(...ends)
  return Number.isFinite(last) ? new Date(last) : undefined
}
