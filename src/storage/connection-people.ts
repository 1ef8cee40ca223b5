/** Users of a connection, whose roles and live sessions change with it: functions of `storage.ts`. */
import type { Connection, ConnectionId, Identity, Profile, SessionId } from './records.ts'
import type { RememberedEnd } from './session-grants.ts'

/** A session, and what is known about its user. */
export type SessionPerson = {
  readonly sessionId: SessionId
  readonly identity: Pick<Identity, 'key' | 'lastClaims' | 'connectionId'>
  /** The profile of the membership in the session's organization. */
  readonly profile?: Profile
  /** The connection that last gave the membership its roles; absent means unknown. */
  readonly rolesFrom?: ConnectionId
  /** Whether the membership has a role that a rule gave. */
  readonly matchesRule: boolean
}

export type ConnectionPeopleReads = {
  /** Returns all sessions that came through the connection. */
  listSessionIdsOf(connectionId: ConnectionId): Promise<readonly SessionId[]>
  /** Returns the users of these sessions. Pass few sessions at a time: each id is a parameter of the statement. */
  listSessionPeople(ids: readonly SessionId[]): Promise<readonly SessionPerson[]>
}

/** The connection that has these rules and this default role. */
export type RolesOf = Pick<Connection, 'id' | 'organizationId'>

export type ConnectionPeopleWrites = {
  /**
   * Removes the roles that these rules of the connection assigned. Another connection of the organization may have rules with the
   * same ids: a membership counts if this connection last sent its groups, or if that is unknown. Returns how many assignments were
   * removed.
   */
  removeRolesOfRules(connection: RolesOf, ruleIds: readonly string[]): Promise<number>
  /** Replaces the default role that this connection gave by another one, or removes it. Returns how many assignments changed. */
  replaceDefaultRole(connection: RolesOf, role: string | undefined): Promise<number>
  /** Ends these sessions, and stores the end of each for as long as the session would have lasted. Returns how many ended. */
  endSessionsFor(
    ids: readonly SessionId[],
    end: Pick<RememberedEnd, 'reason' | 'connectionId'>,
  ): Promise<number>
}
