import type { Services } from '../services.ts'
import type { Connection } from '../storage/records.ts'

/** Which directory and application a connection is, whatever it proves itself with: another one is another way in. */
export function directoryFingerprint(
  { sha256 }: Pick<Services, 'sha256'>,
  { authority, tenants, application, clientId }: Connection,
): string {
  return sha256(JSON.stringify([authority, tenants, application, clientId]))
}
