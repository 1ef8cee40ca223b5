/** Who signs in through which connection, and who has rights over an organization: functions of `storage.ts`. */
import type { ConnectionId, Identity, Membership, OrganizationId } from './records.ts'
import type { RememberedEnd } from './session-grants.ts'
import type { Page, PageRequest } from './storage.ts'

/** Members of the organization have to sign in through this connection. */
export type SsoRequirement = {
  readonly connectionId: ConnectionId
  /** RFC 3339, as all times inside JSON columns. */
  readonly since: string
  /** A bypass: other connections may be used again until then. */
  readonly bypass?: { readonly reason: string; readonly since: string; readonly until: string }
}

/** A connection of an organization, and the state of it with which a sign-in was made. */
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
  /** Returns the active administrator who last signed in through this connection in its current state, by its fingerprint. */
  findAdministratorUse(connection: ConnectionUse): Promise<AdministratorUse | undefined>
  /** Returns active members of the organization who never signed in through the connection. */
  listMembersWithoutUse(
    connection: Omit<ConnectionUse, 'fingerprint'>,
    page: PageRequest,
  ): Promise<Page<MemberWithoutUse>>
  countMembersWithoutUse(connection: Omit<ConnectionUse, 'fingerprint'>): Promise<number>
  /** Counts live sessions of the organization that came through another connection. */
  countSessionsOfOthers(
    organizationId: OrganizationId,
    connectionId: ConnectionId,
    now: Date,
  ): Promise<number>
}

export type ConnectionUseWrites = {
  /**
   * Ends all sessions of the organization that came through another connection, and stores the end of each. Returns how many ended.
   */
  endSessionsOfOthers(
    organizationId: OrganizationId,
    connectionId: ConnectionId,
    end: Pick<RememberedEnd, 'reason' | 'until'>,
  ): Promise<number>
}
