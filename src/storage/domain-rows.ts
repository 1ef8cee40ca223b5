/** Converts domains to rows and back, and returns the tenants by which a connection is found. */
import { issuerOrigin } from '../identity-provider/entra/protocol/entra-hosts.ts'
import { acceptedTenants } from './accepted-tenants.ts'
import { foldCase } from './columns.ts'
import { type ColumnsOf, conversions, type RowOf, same, time } from './record-columns.ts'
import type { Connection, Domain } from './records.ts'
import type { Row } from './schema.ts'

const columns = {
  id: same('id'),
  organizationId: same('organization_id'),
  name: same('name'),
  connectionId: same('connection_id'),
  challenge: same('challenge'),
  status: same('status'),
  proof: same('proof'),
  provenAt: time('proven_at'),
  checkedAt: time('checked_at'),
  nextCheckAt: time('next_check_at'),
  createdAt: time('created_at'),
} satisfies ColumnsOf<Domain>
const { parse, toRow } = conversions<Domain, typeof columns>(columns)

/** `owned_name` is derived and unique: the name if the domain belongs to the organization (proven or lost), else `null`. */
export type DomainRow = RowOf<Domain, typeof columns> & { owned_name: string | null }

export const parseDomain = parse

/** Returns the row of a domain, with the name that only one organization may own. */
export function toDomainRow(domain: Domain): DomainRow {
  return { ...toRow(domain), owned_name: domain.status === 'pending' ? null : domain.name }
}

/** Returns the rows by which a connection is found from the directory of a user. */
export function toConnectionTenantRows({
  id,
  authority,
  tenants,
}: Connection): readonly Row<'connection_tenants'>[] {
  const tenantIds = new Set(acceptedTenants(tenants).map(foldCase))
  return [...tenantIds].map((tenantId) => ({
    connection_id: id,
    authority: issuerOrigin(new URL(authority), tenantId),
    tenant_id: tenantId,
  }))
}
