import type { Connection } from './records.ts'

/** After this moment none of a connection's active credentials works; `undefined` without one, and while the end of one is not known. */
export function credentialsEndAt({
  credentials,
}: Pick<Connection, 'credentials'>): Date | undefined {
  const ends = credentials
    .filter(({ state }) => state === 'active')
    .map(({ expiresAt }) => expiresAt?.getTime() ?? Number.POSITIVE_INFINITY)
  const last = Math.max(...ends)
  return Number.isFinite(last) ? new Date(last) : undefined
}
