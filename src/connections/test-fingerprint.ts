import type { Services } from '../services.ts'
import type { Connection } from '../storage/records.ts'
import { identifyingValues } from './directory-fingerprint.ts'

/**
 * Returns a hash of what a test sign-in vouches for: the directory, the application, and that one of the active credentials works. A
 * change of any of them needs another test; policies and rules do not.
 */
export function testFingerprint(
  { sha256 }: Pick<Services, 'sha256'>,
  connection: Connection,
): string {
  const active = connection.credentials.filter(({ state }) => state === 'active')
  const credentialIds = active.map(({ id }) => id).sort()
  return sha256(JSON.stringify([...identifyingValues(connection), credentialIds]))
}

/** Returns whether the last test that succeeded was made with the connection as it is. */
export function isTested(services: Pick<Services, 'sha256'>, connection: Connection): boolean {
  return connection.settings.tested?.fingerprint === testFingerprint(services, connection)
}
