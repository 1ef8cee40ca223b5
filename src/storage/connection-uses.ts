/** Who signs in through which connection, and who has rights over an organization: verbs of `storage.ts`. */
import type { ConnectionId, Identity, Membership, MembershipId, OrganizationId } from './records.ts'
import type { RememberedEnd } from './session-grants.ts'
import type { Page, PageRequest } from './storage.ts'

/** People of the organization sign in through this connection alone. */
export type SsoRequirement = {
  readonly connectionId: ConnectionId
  /** RFC 3339, as all times inside JSON columns. */
  readonly since: string
  /** The way around it: other connections work again until then. */
  readonly bypass?: { readonly reason: string; readonly since: string; readonly until: string }
}

/** A connection of an organization, and what of it a sign-in was made with. */
export type ConnectionUse = {
  readonly organizationId: OrganizationId
  readonly connectionId: ConnectionId
  readonly fingerprint: string
}
export type AdministratorUse = { readonly membership: Membership; readonly at: Date }
export type MemberWithoutUse = {
  readonly membership: Membership
  readonly identities: readonly Identity[]
}

export type ConnectionUseReads = {
  /** The active administrator who last signed in through this connection as it was then, by its fingerprint. */
  findAdministratorUse(connection: ConnectionUse): Promise<AdministratorUse | undefined>
  /** Active members of the organization who never signed in through the connection. */
  listMembersWithoutUse(
    connection: Omit<ConnectionUse, 'fingerprint'>,
    page: PageRequest,
  ): Promise<Page<MemberWithoutUse>>
  countMembersWithoutUse(connection: Omit<ConnectionUse, 'fingerprint'>): Promise<number>
  /** Live sessions of the organization that came through another connection than this one. */
  countSessionsOfOthers(
    organizationId: OrganizationId,
    connectionId: ConnectionId,
    now: Date,
  ): Promise<number>
}

export type ConnectionUseWrites = {
  /** Remembers that the membership signed in through the connection, and with what of it. */
  noteConnectionUse(
    id: MembershipId,
    use: Omit<ConnectionUse, 'organizationId'> & { readonly at: Date },
  ): Promise<void>
  /** All sessions of the organization that came through another connection; the end of each is remembered. Answers how many. */
  endSessionsOfOthers(
    organizationId: OrganizationId,
    connectionId: ConnectionId,
    end: Pick<RememberedEnd, 'reason' | 'until'>,
  ): Promise<number>
}
