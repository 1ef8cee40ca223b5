/** What leads to a connection besides its slug: domains and tenants. Verbs of `storage.ts`. */
import type { Connection, Domain, DomainId, OrganizationId } from './records.ts'
import type { Page, PageRequest } from './storage.ts'

export type DomainFilter = {
  readonly organizationId?: OrganizationId
  readonly name?: string
  readonly status?: Domain['status']
}

export type DomainReader = {
  /**
   * Connections that are on and accept this tenant of this authority, oldest first. Where some pin it, or people of it signed in through
   * them last, those alone: any organization may put any tenant on its list, and that says nothing about the tenant's people. At most
   * `limit` of them.
   */
  listConnectionsOfTenant(
    tenant: { readonly authority: string; readonly tenantId: string },
    limit: number,
  ): Promise<readonly Connection[]>
  /** Whether any connection is on besides the default one. */
  hasConnectionsOfCustomers(): Promise<boolean>

  findDomain(id: DomainId): Promise<Domain | undefined>
  /** The one that has proven this name, also if its record is lost by now. */
  findOwnedDomain(name: string): Promise<Domain | undefined>
  listDomains(filter: DomainFilter, page: PageRequest): Promise<Page<Domain>>
  /** Those whose `nextCheckAt` has come: of each organization the longest waiting one, then of each the next. */
  listDomainsToCheck(now: Date, limit: number): Promise<readonly Domain[]>
  countDomains(): Promise<Readonly<Record<Domain['status'], number>>>
}
