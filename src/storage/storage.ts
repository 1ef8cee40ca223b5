/**
 * The contract of every database. Each function documents its promise; `conformance.ts` tests every implementation. A database that
 * is lost, locked or full rejects with `storage_unavailable` or `storage_full`, never with an empty result.
 */

import type { ApiKeyReader, ApiKeyWork, ApiKeyWriter } from './api-key-storage.ts'
import type { AuditChainReader } from './audit-chain-storage.ts'
import type { ConnectionPeopleReads, ConnectionPeopleWrites } from './connection-people.ts'
import type { ConnectionUseReads, ConnectionUseWrites } from './connection-uses.ts'
import type { DomainReader } from './domain-storage.ts'
import type { ErasureVerbs } from './erasure-storage.ts'
import type { DatabaseMark } from './mark.ts'
import type { PlanWriter } from './plan.ts'
import type {
  AuditChainHead,
  AuditEventId,
  AuditEventRecord,
  AuditLink,
  ChainedAuditEvent,
  Connection,
  ConnectionHealth,
  ConnectionId,
  ConnectionResults,
  Domain,
  DomainId,
  GroupSnapshot,
  Identity,
  Membership,
  MembershipId,
  Organization,
  OrganizationId,
  OutboxEntry,
  PersonKey,
  RoleAssignment,
  Session,
  SessionId,
  SessionView,
  SetupLink,
  SetupLinkId,
  SignInCount,
  SignInTrace,
  SignInTraceId,
  StoredAuditEvent,
  StoredVerification,
  TestResultId,
  TestResultRecord,
  User,
  UserId,
} from './records.ts'
import type { RemovalWriter } from './removal-storage.ts'
import type { SearchWork } from './search-filling.ts'
import type { SessionGrantLeases, SessionGrantReads, SessionGrantWrites } from './session-grants.ts'
import type { SessionScope } from './session-scope.ts'
import type { SignInVerbs, UnlinkedMembers } from './sign-in-state.ts'
import type { ScopeLocks, TransactionScope } from './transaction-locks.ts'
import type { UsernameReader, UsernameWriter } from './username-storage.ts'
import type { WebhookReader, WebhookWork, WebhookWriter } from './webhook-storage.ts'

/** Functions that are declared next to their records. */
type ReaderParts = AuditChainReader &
  DomainReader &
  ConnectionPeopleReads &
  WebhookReader &
  ApiKeyReader &
  SessionGrantReads &
  ConnectionUseReads &
  UsernameReader
type WriterParts = RemovalWriter &
  ScopeLocks &
  ConnectionPeopleWrites &
  ApiKeyWriter &
  WebhookWriter &
  SessionGrantWrites &
  ConnectionUseWrites &
  PlanWriter &
  UsernameWriter
type StorageParts = WebhookWork & ApiKeyWork & SessionGrantLeases & SearchWork & SignInVerbs

export type { DomainFilter } from './domain-storage.ts'
export type { DatabaseMark } from './mark.ts'
export type { TransactionScope } from './transaction-locks.ts'

/** One page of a list, newest first. `after` is the `next` of the previous page; an absent `next` ends the list. */
export type PageRequest = { readonly limit: number; readonly after?: string }
export type Page<T> = { readonly items: readonly T[]; readonly next?: string }

export type UserListItem = {
  readonly user: User
  readonly memberships: readonly Membership[]
  readonly identities: readonly Identity[]
  readonly roles: readonly (RoleAssignment & { readonly membershipId: MembershipId })[]
}

export type UserFilter = {
  /** Part of a username, display name or email, as `search-text.ts` compares them; or a complete id, `oid` or `tid`. */
  readonly search?: string
  readonly organizationId?: OrganizationId
}

export type ConnectionFilter = {
  readonly organizationId?: OrganizationId
  readonly status?: Connection['status']
  /** Connections whose last active credential expires before this time. */
  readonly credentialsEndBefore?: Date
  /** Part of a name, slug, client id or tenant; or a complete id. */
  readonly search?: string
  /** Connections whose sign-ins fail since their last success. */
  readonly failing?: true
  /** Connections that let no user in: no rule gives a role, and there is no default role. */
  readonly withoutRoles?: true
}

export type ConnectionCounts = {
  readonly total: number
  readonly on: number
  readonly draft: number
  /** Connections that are on and fail. */
  readonly failing: number
  /** Connections that are on and whose last active credential expires before the given time. */
  readonly expiring: number
}

export type SignInCountFilter = {
  /** Counts these connections together; absent means the whole deployment. */
  readonly connectionIds?: readonly ConnectionId[]
  /** First and last day, such as `2026-11-22`. */
  readonly since: string
  readonly until: string
}

export type SessionFilter = {
  readonly userId?: UserId
  readonly organizationId?: OrganizationId
  readonly connectionId?: ConnectionId
}

export type AuditFilter = {
  readonly type?: string
  readonly userId?: UserId
  /** Events of any of these users. */
  readonly userIds?: readonly UserId[]
  readonly organizationId?: OrganizationId
  readonly connectionId?: ConnectionId
  readonly correlationId?: string
  readonly since?: Date
  readonly until?: Date
}

export type TraceFilter = {
  readonly userId?: UserId
  readonly organizationId?: OrganizationId
  readonly connectionId?: ConnectionId
  readonly outcome?: SignInTrace['outcome']
  readonly correlationId?: string
  /** Traces of one of these users, of a person with this id in their directory, or with one of these hashes of name or email. */
  readonly person?: {
    readonly userIds: readonly UserId[]
    readonly subject?: string
    readonly nameKeys: readonly string[]
  }
}

/** What is stored about a person, read for one organization: the input of the sign-in decision. */
export type KnownPerson = {
  readonly identity: Identity
  readonly user: User
  /** The membership in the given organization. */
  readonly membership?: Membership
  readonly groups?: GroupSnapshot
}

/** Reads. None takes a lock; each sees what was committed before it started. */
export type StorageReader = ReaderParts & {
  findOrganization(id: OrganizationId): Promise<Organization | undefined>
  findOrganizationBySlug(slug: string): Promise<Organization | undefined>
  /** `search` is part of a name or slug. */
  listOrganizations(page: PageRequest & { readonly search?: string }): Promise<Page<Organization>>
  findConnection(id: ConnectionId): Promise<Connection | undefined>
  findConnectionBySlug(slug: string): Promise<Connection | undefined>
  listConnections(filter: ConnectionFilter, page: PageRequest): Promise<Page<Connection>>
  /** Returns which of these slugs are taken: by which organization, and by a connection as its slug, or as its id in any case. */
  findSlugs(slugs: readonly string[]): Promise<{
    readonly organizations: ReadonlyMap<string, OrganizationId>
    readonly connections: ReadonlySet<string>
  }>
  /** Returns the ids of all connections, for work that processes each of them. */
  listConnectionIds(): Promise<readonly ConnectionId[]>
  /** Returns at most `limit` links, newest first. */
  listSetupLinks(connectionId: ConnectionId, limit: number): Promise<readonly SetupLink[]>
  findSetupLink(id: SetupLinkId): Promise<SetupLink | undefined>
  findSetupLinkByTokenHash(tokenHash: string): Promise<SetupLink | undefined>
  /** Does not find a result that has expired. */
  findTestResult(id: TestResultId, now: Date): Promise<TestResultRecord | undefined>
  /** Returns connections of the shared application that are on and accept this tenant. */
  listSharedConnectionsOf(cloud: string, tenantId: string): Promise<readonly ConnectionId[]>
  countConnections(filter: {
    readonly organizationId?: OrganizationId
    readonly credentialsEndBefore: Date
  }): Promise<ConnectionCounts>
  /** Returns the health of those of these connections that have been used. */
  findConnectionHealth(
    ids: readonly ConnectionId[],
  ): Promise<ReadonlyMap<ConnectionId, ConnectionHealth>>
  /** Returns the days in order; a day without sign-ins is missing. */
  listSignInCounts(filter: SignInCountFilter): Promise<readonly SignInCount[]>
  /** Returns the tenant ids of the identities that were linked through this connection. */
  listLinkedTenants(connectionId: ConnectionId): Promise<readonly string[]>

  findPerson(key: PersonKey, organizationId: OrganizationId): Promise<KnownPerson | undefined>
  /**
   * Returns memberships of the organization whose email is this address, ignoring case, of users who have no identity and none of
   * these roles by hand. Returns at most `limit`.
   */
  findUnlinkedMemberships(wanted: UnlinkedMembers, limit: number): Promise<readonly Membership[]>
  findUser(id: UserId): Promise<UserListItem | undefined>
  listRoles(membershipId: MembershipId): Promise<readonly RoleAssignment[]>
  listUsers(page: PageRequest & UserFilter): Promise<Page<UserListItem>>

  /** Finds a session in one look-up. Expired sessions and those of disabled users or memberships are not found. */
  findSession(tokenHash: string, now: Date): Promise<SessionView | undefined>
  listSessions(filter: SessionFilter, page: PageRequest, now: Date): Promise<Page<Session>>
  /** Returns the live sessions of the user except the newest `keep`. */
  listSessionsBeyond(id: UserId, keep: number, now: Date): Promise<readonly Session[]>

  hasSessionsOfEntraSid(connectionId: ConnectionId, entraSid: string): Promise<boolean>

  listAuditEvents(filter: AuditFilter, page: PageRequest): Promise<Page<AuditEventRecord>>
  findSignInTrace(id: SignInTraceId): Promise<SignInTrace | undefined>
  listSignInTraces(filter: TraceFilter, page: PageRequest): Promise<Page<SignInTrace>>
  /** Returns the entries, oldest first. */
  listOutbox(limit: number): Promise<readonly OutboxEntry[]>

  /** Returns the key ids under which something in the database is sealed. */
  listSealingKeyIds(): Promise<readonly string[]>
  /** Returns how many values are sealed under each key id. */
  countSealedValues(): Promise<Readonly<Record<string, number>>>
  /** Counts live sessions, and the events that wait in the outbox and for the audit chain, for monitoring. */
  countLive(now: Date): Promise<{
    readonly sessions: number
    readonly outbox: number
    readonly unlinked: number
  }>
}

/** The audit chain, lent to one caller. */
export type AuditChain = ErasureVerbs & {
  /** Appends an event about the work on the chain itself. */
  append: StorageTransaction['appendAuditEvent']
  readonly head: AuditChainHead | undefined
  putHead(head: AuditChainHead): Promise<void>
  /** Returns committed events that wait for a link, in the order in which they were noted. */
  listUnlinked(limit: number): Promise<readonly StoredAuditEvent[]>
  putLinks(links: readonly AuditLink[]): Promise<void>
  /** Notes events that were inserted without the chain, so that they wait for a link. */
  note(ids: readonly AuditEventId[]): Promise<void>
  /** Removes notes of events that no longer exist. */
  forget(ids: readonly AuditEventId[]): Promise<void>
  listLinks(after: number, limit: number): Promise<readonly ChainedAuditEvent[]>
  /** Returns the number of the last link; 0 if there is none. */
  lastSequence(): Promise<number>
  /** Returns which of these events still wait in the outbox. */
  whichWaitInOutbox(ids: readonly AuditEventId[]): Promise<ReadonlySet<AuditEventId>>
  /** Removes the links up to this one, and their events. */
  removeUpTo(sequence: number): Promise<void>
}

/** Functions that only run inside `atomically`. */
export type StorageTransaction = StorageReader &
  WriterParts & {
    /** Inserts or replaces by id. @throws {EntradaError} `slug_in_use` */
    putOrganization(organization: Organization): Promise<void>
    /** Inserts or replaces by id. @throws {EntradaError} `slug_in_use` */
    putConnection(connection: Connection): Promise<void>
    /** Inserts or replaces by id. */
    putSetupLink(link: SetupLink): Promise<void>
    createTestResult(result: TestResultRecord): Promise<void>

    /**
     * Inserts or replaces by id. @throws {EntradaError} `domain_named_already` when the organization has this name already, `domain_in_use`
     * when it is another organization's and would become this one's
     */
    putDomain(domain: Domain): Promise<void>
    /** Removes a domain and returns it; `undefined` if there was none. */
    removeDomain(id: DomainId): Promise<Domain | undefined>

    createUser(user: User): Promise<void>
    setUserStatus(id: UserId, status: User['status'], at: Date): Promise<void>
    /** Links an identity. @throws {EntradaError} `identity_in_use` when the person's key is linked already */
    linkIdentity(identity: Identity): Promise<void>
    /** Creates a membership. Returns `false`, and writes nothing, if a member has this username, ignoring case. */
    createMembership(membership: Membership): Promise<boolean>
    setMembershipStatus(id: MembershipId, status: Membership['status']): Promise<void>
    putGroupSnapshot(id: MembershipId, snapshot: GroupSnapshot): Promise<void>

    createSession(session: Session): Promise<void>
    /** Ends a session and returns it; `undefined` if there was none. */
    endSession(id: SessionId): Promise<Session | undefined>
    /** Ends the session with this token, if there is one, because signing in again replaces it. */
    endSessionByTokenHash(tokenHash: string): Promise<Session | undefined>
    endSessionsOfUser(id: UserId, organizationId?: OrganizationId): Promise<number>
    /** Returns how many sessions ended. `deployment` includes the sessions of operators. */
    endSessionsIn(scope: SessionScope): Promise<number>
    /** Ends the sessions with exactly this connection and this Entra `sid`, and returns them. */
    endSessionsByEntraSid(connectionId: ConnectionId, entraSid: string): Promise<readonly Session[]>

    /** Appends an event, schedules a delivery for each webhook that receives it, and adds it to the outbox if `toOutbox`. */
    appendAuditEvent(
      event: AuditEventRecord,
      options: { readonly toOutbox: boolean },
    ): Promise<void>
    removeFromOutbox(sequences: readonly number[]): Promise<void>
  }

export type Storage = StorageReader &
  StorageParts & {
    /** Name of the implementation, for logs. `other` means that the application created it; its processes share it. */
    readonly kind: 'sqlite' | 'postgres' | 'other'
    /** Names of the migrations that ran when it was opened. */
    readonly migrated: readonly string[]

    /**
     * Claims a sign-in attempt for good, or throws: of any number of callers on any replica, only one succeeds. A claim may be
     * forgotten after `until`, and needs no fsync.
     *
     * @throws {EntradaError} `attempt_already_used`
     */
    claimAttempt(id: string, until: Date): Promise<void>

    /** Stores that the session is in use. Callers do this at most once a minute per session. */
    touchSession(
      id: SessionId,
      seen: { readonly lastSeenAt: Date; readonly idleEndsAt: Date },
    ): Promise<void>

    /**
     * Counts uses under a key, and returns all in this window, whichever replica counted them. The first use starts the window and
     * sets its end; after that, counting starts again. Needs no fsync.
     */
    countUses(
      key: string,
      added: { readonly uses: number; readonly now: Date; readonly windowEndsAt: Date },
    ): Promise<{ readonly uses: number; readonly windowEndsAt: Date }>

    /**
     * Adds what a replica has seen of connections: no sign-in is counted twice or lost, whatever other replicas add at the same
     * time, and a stored success ends the failures before it. Needs no fsync.
     */
    addConnectionResults(results: readonly ConnectionResults[]): Promise<void>

    /**
     * Runs `work` in one transaction: all of it is stored, durably, or nothing. Transactions of the same `scope` run as if one came
     * after the other; absent, that is all of them. `work` may run again from the start if another writer interfered, so it must
     * have no effects of its own. An error of `work` rolls back and is rethrown; work that takes longer than five seconds is rolled
     * back with `storage_unavailable`. A database with one writer, or whose transactions are serializable, may ignore the scope.
     */
    atomically<T>(
      work: (transaction: StorageTransaction) => Promise<T>,
      options?: { readonly scope?: TransactionScope },
    ): Promise<T>

    /**
     * Lends the audit chain to one caller at a time, of any number on any replica; returns `busy` at once if another caller has it.
     * All of `work` is stored, durably, or nothing. It blocks no transaction of {@link atomically}, and sees what those committed.
     */
    withAuditChain<T>(work: (chain: AuditChain) => Promise<T>): Promise<T | 'busy'>
    /** Replaces the only record. */
    putAuditVerification(stored: StoredVerification): Promise<void>

    /**
     * Removes claims, sessions, counts, test results and stored answers that have expired, traces and set-up links older than
     * `tracesBefore`, and counts of sign-ins older than 400 days, a bounded number in each transaction. Returns how many were.
     */
    sweep(now: Date, options: { readonly tracesBefore: Date }): Promise<number>

    readMark(): Promise<DatabaseMark>
    /** Resolves if the database can be read and written and its schema is valid. @throws {EntradaError} `storage_unavailable` */
    checkReady(): Promise<void>
    close(): Promise<void>
  }
