/** Organizations and connections: row to record and back. */
import { optionalMillis, parseJson, present, tablePart } from './columns.ts'
import { credentialsEndAt } from './credentials-end.ts'
import type { Connection, ConnectionCredential, Organization } from './records.ts'
import type { Row } from './schema.ts'

export const organizationPart = tablePart('organizations', [
  'id',
  'name',
  'slug',
  'settings',
  'created_at',
  'updated_at',
])

export function parseOrganization(row: Row<'organizations'>): Organization {
  return {
    id: row.id,
    name: row.name,
    slug: row.slug,
    settings: parseJson<Organization['settings']>(row.settings),
    createdAt: new Date(row.created_at),
    updatedAt: new Date(row.updated_at),
  }
}

export function toOrganizationRow(organization: Organization): Row<'organizations'> {
  return {
    id: organization.id,
    name: organization.name,
    slug: organization.slug,
    settings: JSON.stringify(organization.settings),
    created_at: organization.createdAt.getTime(),
    updated_at: organization.updatedAt.getTime(),
  }
}

export function parseConnection(row: Row<'connections'>): Connection {
  return {
    id: row.id,
    organizationId: row.organization_id,
    name: row.name,
    slug: row.slug,
    protocol: row.protocol,
    cloud: row.cloud,
    authority: row.authority,
    tenants: parseJson<Connection['tenants']>(row.tenants),
    application: row.application,
    clientId: row.client_id,
    credentials: parseCredentials(row.credentials),
    policies: parseJson<Connection['policies']>(row.policies),
    roleRules: parseJson<Connection['roleRules']>(row.role_rules),
    settings: parseJson<Connection['settings']>(row.settings),
    status: row.status,
    managedBy: row.managed_by,
    createdAt: new Date(row.created_at),
    updatedAt: new Date(row.updated_at),
  }
}

export function toConnectionRow(connection: Connection): Row<'connections'> {
  return {
    id: connection.id,
    organization_id: connection.organizationId,
    name: connection.name,
    slug: connection.slug,
    protocol: connection.protocol,
    cloud: connection.cloud,
    authority: connection.authority,
    tenants: JSON.stringify(connection.tenants),
    application: connection.application,
    client_id: connection.clientId,
    credentials: JSON.stringify(connection.credentials.map(toStoredCredential)),
    policies: JSON.stringify(connection.policies),
    role_rules: JSON.stringify(connection.roleRules),
    settings: JSON.stringify(connection.settings),
    credentials_end_at: optionalMillis(credentialsEndAt(connection)),
    status: connection.status,
    managed_by: connection.managedBy,
    created_at: connection.createdAt.getTime(),
    updated_at: connection.updatedAt.getTime(),
  }
}

/** Every sealed value of one `credentials` column. */
export function sealedCredentials(credentials: string): readonly string[] {
  return parseCredentials(credentials).flatMap((credential) => credential.sealed ?? [])
}

type StoredCredential = Omit<ConnectionCredential, 'createdAt' | 'expiresAt'> & {
  readonly createdAt: number
  readonly expiresAt?: number
}

function toStoredCredential(credential: ConnectionCredential): StoredCredential {
  return present({
    ...credential,
    createdAt: credential.createdAt.getTime(),
    expiresAt: credential.expiresAt?.getTime(),
  })
}

function parseCredentials(text: string): readonly ConnectionCredential[] {
  return parseJson<readonly StoredCredential[]>(text).map(({ createdAt, expiresAt, ...rest }) =>
    present({
      ...rest,
      createdAt: new Date(createdAt),
      expiresAt: expiresAt === undefined ? undefined : new Date(expiresAt),
    }),
  )
}
