/** Converts organizations and connections to rows and back. */
import { joinedPart, optionalMillis, parseJson, present } from './columns.ts'
import { credentialsEndAt } from './credentials-end.ts'
import { type ColumnsOf, conversions, json, type RowOf, same, time } from './record-columns.ts'
import type { Connection, ConnectionCredential, Organization } from './records.ts'
import { toSearchKey } from './search-text.ts'

const organizationColumns = {
  id: same('id'),
  name: same('name'),
  slug: same('slug'),
  settings: json('settings'),
  createdAt: time('created_at'),
  updatedAt: time('updated_at'),
} satisfies ColumnsOf<Organization>
const organizations = conversions<Organization, typeof organizationColumns>(organizationColumns)

/** `search_key` is derived: the text for searches. The previous release leaves it empty. */
export type OrganizationRow = RowOf<Organization, typeof organizationColumns> & {
  search_key: string | null
}
export const organizationPart = joinedPart('organizations', organizations)
export const parseOrganization = organizations.parse

/** Converts an organization to its row, with the text for searches. */
export function toOrganizationRow(organization: Organization): OrganizationRow {
  return { ...organizations.toRow(organization), search_key: organizationSearchKey(organization) }
}

/** Returns the text for searches of an organization. */
export function organizationSearchKey({ name, slug }: Pick<Organization, 'name' | 'slug'>): string {
  return toSearchKey([name, slug])
}

/** All members but the credentials, whose times are inside their JSON. */
type ConnectionMembers = Omit<Connection, 'credentials'>
const connectionColumns = {
  id: same('id'),
  organizationId: same('organization_id'),
  name: same('name'),
  slug: same('slug'),
  protocol: same('protocol'),
  cloud: same('cloud'),
  authority: same('authority'),
  tenants: json('tenants'),
  application: same('application'),
  clientId: same('client_id'),
  policies: json('policies'),
  roleRules: json('role_rules'),
  settings: json('settings'),
  status: same('status'),
  managedBy: same('managed_by'),
  createdAt: time('created_at'),
  updatedAt: time('updated_at'),
} satisfies ColumnsOf<ConnectionMembers>
const connections = conversions<ConnectionMembers, typeof connectionColumns>(connectionColumns)

/** `credentials_end_at` is derived: after it no active credential works; `null` while that is unknown. */
export type ConnectionRow = RowOf<ConnectionMembers, typeof connectionColumns> & {
  credentials: string
  credentials_end_at: number | null
  /** Derived, and left empty by the previous release. */
  search_key: string | null
}

export const connectionPart = joinedPart('connections', {
  names: [...connections.names, 'credentials'] as const,
  parserOf(prefix) {
    const parse = connections.parserOf(prefix)
    const credentials = `${prefix}credentials`
    return (row) => ({
      ...parse(row),
      credentials: parseCredentials(String(row[credentials])),
    })
  },
})

/** Converts a row to a connection. */
export function parseConnection(row: ConnectionRow): Connection {
  return { ...connections.parse(row), credentials: parseCredentials(row.credentials) }
}

/** Converts a connection to its row, with the end of its credentials for look-ups. */
export function toConnectionRow(connection: Connection): ConnectionRow {
  return {
    ...connections.toRow(connection),
    credentials: JSON.stringify(connection.credentials.map(toStoredCredential)),
    credentials_end_at: optionalMillis(credentialsEndAt(connection)),
    search_key: connectionSearchKey(connection),
  }
}

/** Returns the text for searches of a connection. */
export function connectionSearchKey(
  connection: Pick<Connection, 'name' | 'slug' | 'clientId' | 'tenants'>,
): string {
  const { name, slug, clientId, tenants } = connection
  const named =
    tenants.kind === 'pinned' ? [tenants.tenant, tenants.tenantId ?? ''] : tenants.tenantIds
  return toSearchKey([name, slug, clientId, ...named])
}

/** Returns every sealed value of one `credentials` column. */
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
