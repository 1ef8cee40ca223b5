import { EntradaError } from '../errors/errors.ts'
import { keyOfNamed, type NamedPerson } from '../identity-provider/person-key.ts'
import { inputInvalid } from '../protocol/check-input.ts'
import type { Services } from '../services.ts'
import { acceptedTenants } from '../storage/accepted-tenants.ts'
import type { Connection, OrganizationId, PersonKey } from '../storage/records.ts'
import type { StorageReader } from '../storage/storage.ts'
import { ENVIRONMENT_CONNECTION_ID } from './environment-connection-id.ts'

const AMBIGUOUS =
  'must be a whole key, because connections of the organization are of several clouds'
/** More connections than an organization has clouds. */
const MOST_READ = 200

/**
 * Returns the key of a person who is to be a member of an organization. Ids in the short form are unique in one cloud only: that of the
 * connections that accept the directory, else of the organization's other connections, else of the default connection.
 *
 * @throws {EntradaError} `request_invalid` if those connections are of several clouds, `entra_not_configured` if there is none
 */
export async function keyIn(
  services: Pick<Services, 'deployment'>,
  reader: StorageReader,
  {
    organizationId,
    named,
  }: { readonly organizationId: OrganizationId; readonly named: NamedPerson },
): Promise<PersonKey> {
  if (named.kind === 'key') return named.key
  const { items } = await reader.listConnections({ organizationId }, { limit: MOST_READ })
  const accepting = items.filter(({ cloud, tenants }) =>
    acceptedTenants(tenants).includes(keyOfNamed(named, cloud).directory),
  )
  const connections = accepting.length > 0 ? accepting : items
  const [cloud = await defaultCloud(services, reader), ...others] = cloudsOf(connections)
  if (others.length > 0) throw inputInvalid([{ parameter: 'person', problem: AMBIGUOUS }])
  return keyOfNamed(named, cloud)
}

function cloudsOf(connections: readonly Connection[]): readonly string[] {
  return [...new Set(connections.map(({ cloud }) => cloud))]
}

async function defaultCloud(
  { deployment }: Pick<Services, 'deployment'>,
  reader: StorageReader,
): Promise<string> {
  const { defaultConnectionId = ENVIRONMENT_CONNECTION_ID } = deployment
  const connection = await reader.findConnection(defaultConnectionId)
  if (connection === undefined) throw new EntradaError('entra_not_configured')
  return connection.cloud
}
