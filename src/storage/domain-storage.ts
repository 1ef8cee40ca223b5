/** Domains and tenants, by which a connection is found besides its slug: functions of `storage.ts`. */
import type { Connection, Domain, DomainId, OrganizationId } from './records.ts'
import type { Page, PageRequest } from './storage.ts'

export type DomainFilter = {
  readonly organizationId?: OrganizationId
  readonly name?: string
  readonly status?: Domain['status']
}

export type DomainReader = {
  /**
   * Returns connections that are on and accept this tenant of this authority, oldest first. If some are pinned to it, or people of
   * the tenant used them last, it returns only those: any organization may list any tenant, which proves nothing about the tenant's
   * people. Returns at most `limit`.
   */
  listConnectionsOfTenant(
    tenant: { readonly authority: string; readonly tenantId: string },
    limit: number,
  ): Promise<readonly Connection[]>
  /** Returns whether another connection than the default one is on. */
  hasConnectionsOfCustomers(): Promise<boolean>

  findDomain(id: DomainId): Promise<Domain | undefined>
  /** Returns the domain that has proven this name, even if its record is lost by now. */
  findOwnedDomain(name: string): Promise<Domain | undefined>
  listDomains(filter: DomainFilter, page: PageRequest): Promise<Page<Domain>>
  /** Returns the domains whose `nextCheckAt` has come: the longest waiting one of each organization, then the next one of each. */
  listDomainsToCheck(now: Date, limit: number): Promise<readonly Domain[]>
  countDomains(): Promise<Readonly<Record<Domain['status'], number>>>
}
