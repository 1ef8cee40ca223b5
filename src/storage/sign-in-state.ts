/** Everything that a sign-in needs to know, read in one look-up: records, and functions of `storage.ts`. */
import type { PlanVerbs } from './plan.ts'
import type {
  Connection,
  ConnectionId,
  Organization,
  OrganizationId,
  PersonKey,
  RoleAssignment,
  Session,
} from './records.ts'
import type { KnownPerson } from './storage.ts'

export type SignInQuestion = {
  readonly connectionId: ConnectionId
  readonly person: PersonKey
  /** Hashes under which this browser's earlier session may be stored. */
  readonly presentedTokenHashes: readonly string[]
}

export type SignInState = {
  readonly connection: Connection
  readonly organization: Organization
  readonly known?: KnownPerson
  /** All roles of the known person's membership, whatever assigned them. */
  readonly roles: readonly RoleAssignment[]
  /** Whether the known person has {@link MOST_SESSIONS} sessions or more, live or not, before this sign-in adds one. */
  readonly hasManySessions: boolean
  /** The earlier sessions of this browser. */
  readonly replaced: readonly Session[]
  /** The sealed key of the hashes of retired usernames, if a username was retired. */
  readonly retiredUsernamesKey?: string
  /** Whether there is a webhook that may receive events of this organization. */
  readonly sendsWebhooks: boolean
  /** What the decision relies on, as one text: a plan holds while the same look-up gives the same mark. */
  readonly mark: string
}

/** Members of an organization with an email address, to whom no identity is linked. */
export type UnlinkedMembers = {
  readonly organizationId: OrganizationId
  readonly address: string
  /** Users who have one of these roles by hand do not count. */
  readonly withoutRoles: readonly string[]
}

/**
 * How many sessions a person may have at once. Beyond it the oldest ends, so that a script which signs in again and again cannot
 * fill the table. It is as many as `/account` shows, and enough for an account that many machines share.
 */
export const MOST_SESSIONS = 200

/** Where a sign-in starts: a connection, and the settings of its organization. */
export type SignInStart = Pick<SignInState, 'connection' | 'organization'>

export type SignInVerbs = PlanVerbs & {
  /** Returns what the start of a sign-in needs, in one look-up. */
  findStart(id: ConnectionId): Promise<SignInStart | undefined>
  findStartBySlug(slug: string): Promise<SignInStart | undefined>
  /**
   * Claims a sign-in attempt for good, as `claimAttempt` does, and returns its connection, in one turn.
   *
   * @throws {EntradaError} `attempt_already_used`
   */
  claimAttemptOf(
    connectionId: ConnectionId,
    claim: { readonly id: string; readonly until: Date },
  ): Promise<Connection | undefined>
  /** Returns what a sign-in needs to know; `undefined` if there is no such connection. */
  readSignIn(question: SignInQuestion): Promise<SignInState | undefined>
}
