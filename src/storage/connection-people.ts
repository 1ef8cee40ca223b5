/** People who came through a connection, whose roles and live sessions follow when it changes: verbs of `storage.ts`. */
import type { Connection, ConnectionId, Identity, Profile, SessionId } from './records.ts'
import type { RememberedEnd } from './session-grants.ts'

/** A session, and what is known of the person behind it. */
export type SessionPerson = {
  readonly sessionId: SessionId
  readonly identity: Pick<Identity, 'key' | 'lastClaims' | 'connectionId'>
  /** Of the membership in the session's organization. */
  readonly profile?: Profile
  /** Through which connection the membership got its roles last; absent: not known. */
  readonly rolesFrom?: ConnectionId
  /** Whether the membership holds a role that a rule gave. */
  readonly matchesRule: boolean
}

export type ConnectionPeopleReads = {
  /** All sessions that came through the connection. */
  listSessionIdsOf(connectionId: ConnectionId): Promise<readonly SessionId[]>
  /** The people behind these sessions. Few sessions at a time: each id is a parameter of the statement. */
  listSessionPeople(ids: readonly SessionId[]): Promise<readonly SessionPerson[]>
}

/** Whose rules and default role they are. */
export type RolesOf = Pick<Connection, 'id' | 'organizationId'>

export type ConnectionPeopleWrites = {
  /**
   * Takes back what these rules of the connection assigned. Another connection of the organization may have rules of the same ids: a
   * membership counts when this connection told its groups last, or when that is not known. Answers how many assignments went.
   */
  removeRolesOfRules(connection: RolesOf, ruleIds: readonly string[]): Promise<number>
  /** Puts another default role in the place of the one that this connection gave, or none. Answers how many assignments changed. */
  replaceDefaultRole(connection: RolesOf, role: string | undefined): Promise<number>
  /** Ends these sessions, and remembers the end of each for as long as it would have lasted. Answers how many ended. */
  endSessionsFor(
    ids: readonly SessionId[],
    end: Pick<RememberedEnd, 'reason' | 'connectionId'>,
  ): Promise<number>
}
