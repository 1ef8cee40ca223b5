/** Sessions that are checked again, and ends that are remembered: records, and verbs of `storage.ts`. */
import type { ConnectionId, Session, SessionId } from './records.ts'

/**
 * What checks a session again while it lasts: a refresh token and whose it is, sealed. It goes with the session, whoever ends that.
 */
export type SessionGrant = {
  readonly sessionId: SessionId
  readonly connectionId: ConnectionId
  readonly sealed: string
  readonly nextCheckAt: Date
  readonly lastCheckedAt?: Date
  /** Checks in a row that told nothing about the person, and the code of the last. */
  readonly failures: number
  readonly lastFailure?: string
}

/** Why a session ended that its browser still holds, told once it comes back. */
export type RememberedEnd = {
  readonly tokenHash: string
  readonly reason: 'sign_in_again' | 'access_changed' | 'sso_session_ended'
  /** Where to sign in again. */
  readonly connectionId?: ConnectionId
  readonly until: Date
}

export type GrantLease = {
  readonly leaseId: string
  readonly now: Date
  /** When the lease ends by itself, should its holder be lost. */
  readonly until: Date
  readonly limit: number
  /** Connections that are left alone for now. */
  readonly except?: readonly ConnectionId[]
  /** This one alone, if it is due. */
  readonly sessionId?: SessionId
}

/** What a check of a session came to. */
export type GrantOutcome = Pick<SessionGrant, 'nextCheckAt' | 'failures'> &
  Partial<Pick<SessionGrant, 'sealed' | 'lastCheckedAt' | 'lastFailure'>>

export type RecheckFailures = {
  readonly connectionId: ConnectionId
  readonly code: string
  readonly sessions: number
}

export type SessionGrantReads = {
  /** Why the session with this token ended, while that is remembered. */
  findSessionEnd(tokenHash: string, now: Date): Promise<RememberedEnd | undefined>
  /** By the id of its row, live or not. */
  findSessionById(id: SessionId): Promise<Session | undefined>
  findSessionGrant(id: SessionId): Promise<SessionGrant | undefined>
  /** Grants that are sealed under another key. */
  listGrantsToReseal(keyId: string, limit: number): Promise<readonly SessionGrant[]>
  listGrantsSealedUnder(keyId: string, limit: number): Promise<readonly SessionGrant[]>
  countGrantsSealedUnder(keyId: string): Promise<number>
  /** Sessions whose last check told nothing, by connection and code; the most of them first. */
  listRecheckFailures(): Promise<readonly RecheckFailures[]>
}

export type SessionGrantWrites = {
  rememberSessionEnd(end: RememberedEnd): Promise<void>
  /** Inserts or replaces the grant of a session that is there, leased to nobody. */
  putSessionGrant(grant: SessionGrant): Promise<void>
  /** Writes down what a check came to and gives the lease back; `false`, and nothing written, for who holds it no more. */
  settleSessionGrant(id: SessionId, leaseId: string, outcome: GrantOutcome): Promise<boolean>
  /** Replaces what is sealed, if it still is `from`. */
  resealSessionGrant(id: SessionId, from: string, to: string): Promise<boolean>
  removeSessionGrant(id: SessionId): Promise<void>
  /** Sessions of the connection whose check is later than this are checked then. */
  bringChecksForward(connectionId: ConnectionId, latest: Date): Promise<void>
}

export type SessionGrantLeases = {
  /**
   * Leases grants that are due, those that wait longest first: of any number of callers at once, on any replica, one gets each. A lease
   * needs no fsync.
   */
  leaseSessionGrants(lease: GrantLease): Promise<readonly SessionGrant[]>
}
