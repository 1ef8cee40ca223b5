import { EntradaError } from '../errors/errors.ts'
import type { Connection } from '../storage/records.ts'
import type { StorageReader } from '../storage/storage.ts'

/**
 * Throws when the organization requires this connection: it then stays on and keeps its directory, because its users have no other way in.
 *
 * @throws {EntradaError} `sso_connection_needed`
 */
export async function checkNotRequired(
  reader: Pick<StorageReader, 'findOrganization'>,
  { id, organizationId }: Pick<Connection, 'id' | 'organizationId'>,
): Promise<void> {
  const organization = await reader.findOrganization(organizationId)
  if (organization?.settings.ssoRequired?.connectionId === id) {
    throw new EntradaError('sso_connection_needed', { id })
  }
}
