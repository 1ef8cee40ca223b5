/** Sessions that are checked again, and stored ends of sessions: records, and functions of `storage.ts`. */
import type { ConnectionId, Session, SessionId } from './records.ts'

/**
 * What is needed to check a session again: a refresh token and its subject, sealed. It is deleted with the session, however that
 * ends.
 */
export type SessionGrant = {
  readonly sessionId: SessionId
  readonly connectionId: ConnectionId
  readonly sealed: string
  readonly nextCheckAt: Date
  readonly lastCheckedAt?: Date
  /** Checks in a row that failed without an answer about the person, and the code of the last. */
  readonly failures: number
  readonly lastFailure?: string
}

/** Why a session ended whose cookie a browser still has; shown when the browser returns. */
export type RememberedEnd = {
  readonly tokenHash: string
  readonly reason: 'sign_in_again' | 'access_changed' | 'sso_session_ended'
  /** The connection to sign in with again. */
  readonly connectionId?: ConnectionId
  readonly until: Date
}

export type GrantLease = {
  readonly leaseId: string
  readonly now: Date
  /** When the lease ends by itself if its holder crashes. */
  readonly until: Date
  readonly limit: number
  /** Connections that are not checked for now. */
  readonly except?: readonly ConnectionId[]
  /** Only this session, if it is due. */
  readonly sessionId?: SessionId
}

/** The outcome of a check of a session. */
export type GrantOutcome = Pick<SessionGrant, 'nextCheckAt' | 'failures'> &
  Partial<Pick<SessionGrant, 'sealed' | 'lastCheckedAt' | 'lastFailure'>>

export type SessionGrantReads = {
  /** Returns why the session with this token ended, as long as that is stored. */
  findSessionEnd(tokenHash: string, now: Date): Promise<RememberedEnd | undefined>
  /** Finds a session by the id of its row, live or not. */
  findSessionById(id: SessionId): Promise<Session | undefined>
  findSessionGrant(id: SessionId): Promise<SessionGrant | undefined>
  /** Returns grants that are sealed under another key. */
  listGrantsToReseal(keyId: string, limit: number): Promise<readonly SessionGrant[]>
  listGrantsSealedUnder(keyId: string, limit: number): Promise<readonly SessionGrant[]>
  countGrantsSealedUnder(keyId: string): Promise<number>
}

export type SessionGrantWrites = {
  rememberSessionEnd(end: RememberedEnd): Promise<void>
  /**
   * Stores the outcome of a check and returns the lease; returns `false`, and stores nothing, if the caller no longer has the
   * lease.
   */
  settleSessionGrant(id: SessionId, leaseId: string, outcome: GrantOutcome): Promise<boolean>
  /** Replaces the sealed value if it is still `from`. */
  resealSessionGrant(id: SessionId, from: string, to: string): Promise<boolean>
  removeSessionGrant(id: SessionId): Promise<void>
  /** Moves the checks of the connection's sessions that are later than this to this time. */
  bringChecksForward(connectionId: ConnectionId, latest: Date): Promise<void>
}

export type SessionGrantLeases = {
  /**
   * Leases grants that are due, the longest waiting first: of any number of callers on any replica, only one gets each. A lease
   * needs no fsync.
   */
  leaseSessionGrants(lease: GrantLease): Promise<readonly SessionGrant[]>
}
