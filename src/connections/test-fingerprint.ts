import type { Services } from '../services.ts'
import type { Connection } from '../storage/records.ts'

/**
 * What a test sign-in vouches for: the directory, the application, and that one of the active credentials works. A change of any of
 * them asks for another test; policies and rules do not.
 */
export function testFingerprint(
  { sha256 }: Pick<Services, 'sha256'>,
  { authority, tenants, application, clientId, credentials }: Connection,
): string {
  const active = credentials.filter(({ state }) => state === 'active').map(({ id }) => id)
  return sha256(JSON.stringify([authority, tenants, application, clientId, active.sort()]))
}

/** Whether the last test that succeeded was of the connection as it is. */
export function isTested(services: Pick<Services, 'sha256'>, connection: Connection): boolean {
  return connection.settings.tested?.fingerprint === testFingerprint(services, connection)
}
