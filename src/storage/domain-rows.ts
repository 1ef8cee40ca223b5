/** Domains: row to record and back; and which tenants a connection is found by. */
import { issuerOrigin } from '../identity-provider/entra/protocol/entra-hosts.ts'
import { acceptedTenants } from './accepted-tenants.ts'
import { foldCase, optionalDate, optionalMillis, present } from './columns.ts'
import type { Connection, Domain } from './records.ts'
import type { Row } from './schema.ts'

export function parseDomain(row: Row<'domains'>): Domain {
  return present({
    id: row.id,
    organizationId: row.organization_id,
    name: row.name,
    connectionId: row.connection_id,
    challenge: row.challenge,
    status: row.status,
    proof: row.proof,
    provenAt: optionalDate(row.proven_at),
    checkedAt: optionalDate(row.checked_at),
    nextCheckAt: optionalDate(row.next_check_at),
    createdAt: new Date(row.created_at),
  })
}

export function toDomainRow(domain: Domain): Row<'domains'> {
  return {
    id: domain.id,
    organization_id: domain.organizationId,
    name: domain.name,
    owned_name: domain.status === 'pending' ? null : domain.name,
    connection_id: domain.connectionId ?? null,
    challenge: domain.challenge,
    status: domain.status,
    proof: domain.proof ?? null,
    proven_at: optionalMillis(domain.provenAt),
    checked_at: optionalMillis(domain.checkedAt),
    next_check_at: optionalMillis(domain.nextCheckAt),
    created_at: domain.createdAt.getTime(),
  }
}

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
