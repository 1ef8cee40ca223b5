/**
 * What must hold, whatever the database. Each verb names its promise; `conformance.ts` puts every implementation to the same test.
 * A database that is lost, locked or full rejects with `storage_unavailable` or `storage_full`, never with an empty answer.
 */

import type { ApiKeyReader, ApiKeyWork, ApiKeyWriter } from './api-key-storage.ts'
import type { AuditChainReader } from './audit-chain-storage.ts'
import type { ConnectionPeopleReads, ConnectionPeopleWrites } from './connection-people.ts'
import type { ConnectionUseReads, ConnectionUseWrites } from './connection-uses.ts'
import type { DomainReader } from './domain-storage.ts'
import type { ErasureVerbs } from './erasure-storage.ts'
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
  IdentityId,
  Membership,
  MembershipId,
  Organization,
  OrganizationId,
  OutboxEntry,
  PersonKey,
  Profile,
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
import type { SessionGrantLeases, SessionGrantReads, SessionGrantWrites } from './session-grants.ts'
import type { SessionScope } from './session-scope.ts'
import type { UsernameReader, UsernameWriter } from './username-storage.ts'
import type { WebhookReader, WebhookWork, WebhookWriter } from './webhook-storage.ts'

/** Verbs that stand beside their records. */
type ReaderParts = AuditChainReader &
  DomainReader &
  ConnectionPeopleReads &
  WebhookReader &
  ApiKeyReader &
  SessionGrantReads &
  ConnectionUseReads &
  UsernameReader
type WriterParts = RemovalWriter &
  ConnectionPeopleWrites &
  ApiKeyWriter &
  WebhookWriter &
  SessionGrantWrites &
  ConnectionUseWrites &
  UsernameWriter
type StorageParts = WebhookWork & ApiKeyWork & SessionGrantLeases

export type { DomainFilter } from './domain-storage.ts'

/** One page of a list, newest first. `after` is the `next` of the page before, a cursor of `protocol/page-cursor.ts`; absent `next` ends the list. */
export type PageRequest = { readonly limit: number; readonly after?: string }
export type Page<T> = { readonly items: readonly T[]; readonly next?: string }

export type UserListItem = {
  readonly user: User
  readonly memberships: readonly Membership[]
  readonly identities: readonly Identity[]
  readonly roles: readonly (RoleAssignment & { readonly membershipId: MembershipId })[]
}

export type UserFilter = {
  /** Part of a username, display name or email, ignoring case; or a whole id, `oid` or `tid`. */
  readonly search?: string
  readonly organizationId?: OrganizationId
}

export type ConnectionFilter = {
  readonly organizationId?: OrganizationId
  readonly status?: Connection['status']
  /** Whose last active credential ends before this moment. */
  readonly credentialsEndBefore?: Date
  /** Part of a name or slug, ignoring case; or a whole id, client id or tenant. */
  readonly search?: string
  /** Whose sign-ins fail since their last success. */
  readonly failing?: true
  /** Which let nobody in: no rule gives a role, and there is no default role. */
  readonly withoutRoles?: true
}

export type ConnectionCounts = {
  readonly total: number
  readonly on: number
  readonly draft: number
  /** Of those that are on. */
  readonly failing: number
  /** Of those that are on: whose last active credential ends before the moment asked for. */
  readonly expiring: number
}

export type SignInCountFilter = {
  /** Of these together; absent: of the whole deployment. */
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
  /** Of any of these. */
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
  /** Of one of these users, or of a person with this id in their directory, or with one of these keyed hashes of sign-in name or email. */
  readonly person?: {
    readonly userIds: readonly UserId[]
    readonly subject?: string
    readonly nameKeys: readonly string[]
  }
}

/** What a person is here, read for one organization: the input of the sign-in decision. */
export type KnownPerson = {
  readonly identity: Identity
  readonly user: User
  /** In the organization asked for. */
  readonly membership?: Membership
  readonly groups?: GroupSnapshot
}

/** Reads. None takes a lock; each sees what was committed before it began. */
export type StorageReader = ReaderParts & {
  findOrganization(id: OrganizationId): Promise<Organization | undefined>
  findOrganizationBySlug(slug: string): Promise<Organization | undefined>
  /** `search`: part of a name or slug, ignoring case. */
  listOrganizations(page: PageRequest & { readonly search?: string }): Promise<Page<Organization>>
  findConnection(id: ConnectionId): Promise<Connection | undefined>
  findConnectionBySlug(slug: string): Promise<Connection | undefined>
  listConnections(filter: ConnectionFilter, page: PageRequest): Promise<Page<Connection>>
  /** Which of these slugs are taken: by which organization, and by a connection, as its slug or as its id in any letter case. */
  findSlugs(slugs: readonly string[]): Promise<{
    readonly organizations: ReadonlyMap<string, OrganizationId>
    readonly connections: ReadonlySet<string>
  }>
  /** Ids of all, for work that goes through every one of them. */
  listConnectionIds(): Promise<readonly ConnectionId[]>
  /** Newest first, at most `limit` of them. */
  listSetupLinks(connectionId: ConnectionId, limit: number): Promise<readonly SetupLink[]>
  findSetupLink(id: SetupLinkId): Promise<SetupLink | undefined>
  findSetupLinkByTokenHash(tokenHash: string): Promise<SetupLink | undefined>
  /** One that has ended is not found. */
  findTestResult(id: TestResultId, now: Date): Promise<TestResultRecord | undefined>
  /** Connections of the shared application that are on and admit this tenant. */
  listSharedConnectionsOf(cloud: string, tenantId: string): Promise<readonly ConnectionId[]>
  countConnections(filter: {
    readonly organizationId?: OrganizationId
    readonly credentialsEndBefore: Date
  }): Promise<ConnectionCounts>
  /** Of those of them through which somebody came, or failed to. */
  findConnectionHealth(
    ids: readonly ConnectionId[],
  ): Promise<ReadonlyMap<ConnectionId, ConnectionHealth>>
  /** Days in order; a day without sign-ins is missing. */
  listSignInCounts(filter: SignInCountFilter): Promise<readonly SignInCount[]>
  /** Tenant ids of the identities that were linked through this connection. */
  listLinkedTenants(connectionId: ConnectionId): Promise<readonly string[]>

  findPerson(key: PersonKey, organizationId: OrganizationId): Promise<KnownPerson | undefined>
  /**
   * Memberships of the organization whose email is this address, ignoring case, of users who have no identity and none of these roles by
   * hand. At most `limit` of them.
   */
  findUnlinkedMemberships(
    wanted: {
      readonly organizationId: OrganizationId
      readonly address: string
      readonly withoutRoles: readonly string[]
    },
    limit: number,
  ): Promise<readonly Membership[]>
  findUser(id: UserId): Promise<UserListItem | undefined>
  listRoles(membershipId: MembershipId): Promise<readonly RoleAssignment[]>
  listUsers(page: PageRequest & UserFilter): Promise<Page<UserListItem>>

  /** In one look-up. Expired sessions and those of disabled users or memberships are not found. */
  findSession(tokenHash: string, now: Date): Promise<SessionView | undefined>
  listSessions(filter: SessionFilter, page: PageRequest, now: Date): Promise<Page<Session>>
  /** The live sessions of the user but for the newest `keep` of them. */
  listSessionsBeyond(id: UserId, keep: number, now: Date): Promise<readonly Session[]>

  hasSessionsOfEntraSid(connectionId: ConnectionId, entraSid: string): Promise<boolean>

  listAuditEvents(filter: AuditFilter, page: PageRequest): Promise<Page<AuditEventRecord>>
  findSignInTrace(id: SignInTraceId): Promise<SignInTrace | undefined>
  listSignInTraces(filter: TraceFilter, page: PageRequest): Promise<Page<SignInTrace>>
  /** Oldest first. */
  listOutbox(limit: number): Promise<readonly OutboxEntry[]>

  /** Key ids under which something in the database is sealed. */
  listSealingKeyIds(): Promise<readonly string[]>
  /** How many values are sealed under each key id. */
  countSealedValues(): Promise<Readonly<Record<string, number>>>
  /** For those who watch: how many sessions are live, how many events wait in the outbox and how many for the audit chain. */
  countLive(now: Date): Promise<{
    readonly sessions: number
    readonly outbox: number
    readonly unlinked: number
  }>
}

/** The audit chain, lent to one caller. */
export type AuditChain = ErasureVerbs & {
  /** An event that comes of work on the chain itself. */
  append: StorageTransaction['appendAuditEvent']
  readonly head: AuditChainHead | undefined
  putHead(head: AuditChainHead): Promise<void>
  /** Committed events that wait for a link, in the order in which they were noted. */
  listUnlinked(limit: number): Promise<readonly StoredAuditEvent[]>
  putLinks(links: readonly AuditLink[]): Promise<void>
  /** Lets these events wait for a link, which came past the chain. */
  note(ids: readonly AuditEventId[]): Promise<void>
  /** Forgets events that waited and are not there any more. */
  forget(ids: readonly AuditEventId[]): Promise<void>
  listLinks(after: number, limit: number): Promise<readonly ChainedAuditEvent[]>
  /** The number of the last link that is there; 0 without any. */
  lastSequence(): Promise<number>
  /** Which of these events still wait in the outbox. */
  whichWaitInOutbox(ids: readonly AuditEventId[]): Promise<ReadonlySet<AuditEventId>>
  /** Removes links up to this one, and their events. */
  removeUpTo(sequence: number): Promise<void>
}

/** Verbs that only run inside `atomically`. */
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
    /** Answers what was removed; `undefined` when there was no such domain (any more). */
    removeDomain(id: DomainId): Promise<Domain | undefined>

    createUser(user: User): Promise<void>
    setUserStatus(id: UserId, status: User['status'], at: Date): Promise<void>
    /** Throws `identity_in_use` when the person's key is linked already. */
    linkIdentity(identity: Identity): Promise<void>
    refreshIdentity(
      id: IdentityId,
      seen: Pick<Identity, 'sub' | 'lastClaims' | 'lastSignInAt' | 'connectionId'>,
    ): Promise<void>
    /** Returns `false`, having written nothing, when a member of the organization has this username, ignoring case. */
    createMembership(membership: Membership): Promise<boolean>
    refreshMembership(
      id: MembershipId,
      seen: { readonly profile: Profile; readonly lastSignInAt: Date },
    ): Promise<void>
    setMembershipStatus(id: MembershipId, status: Membership['status']): Promise<void>
    /** Replaces what rules and defaults assigned; `manual` assignments stay. Answers all roles now held. */
    replaceRuleRoles(
      id: MembershipId,
      assignments: readonly RoleAssignment[],
    ): Promise<readonly RoleAssignment[]>
    putGroupSnapshot(id: MembershipId, snapshot: GroupSnapshot): Promise<void>

    createSession(session: Session): Promise<void>
    /** Answers what was ended; `undefined` when there was no such session (any more). */
    endSession(id: SessionId): Promise<Session | undefined>
    /** Ends the session with this token, if any: signing in again replaces it. */
    endSessionByTokenHash(tokenHash: string): Promise<Session | undefined>
    endSessionsOfUser(id: UserId, organizationId?: OrganizationId): Promise<number>
    /** Returns how many sessions ended. `deployment` includes the sessions of operators. */
    endSessionsIn(scope: SessionScope): Promise<number>
    /** Exactly this connection and exactly this Entra `sid`. Answers what was ended. */
    endSessionsByEntraSid(connectionId: ConnectionId, entraSid: string): Promise<readonly Session[]>

    /** Also schedules a delivery for each webhook that wants it, and puts the event into the outbox when `toOutbox`. */
    appendAuditEvent(
      event: AuditEventRecord,
      options: { readonly toOutbox: boolean },
    ): Promise<void>
    appendSignInTrace(trace: SignInTrace): Promise<void>
    removeFromOutbox(sequences: readonly number[]): Promise<void>
  }

export type DatabaseMark = {
  readonly mode: 'development' | 'production'
  readonly schemaVersion: number
  /** The lowest schema number that a program must know to run on this database. */
  readonly oldestProgram: number
}

export type Storage = StorageReader &
  StorageParts & {
    /** Name of the implementation, for logs. `other`: made by the application, and shared by its processes. */
    readonly kind: 'sqlite' | 'postgres' | 'other'
    /** Names of the migrations that opening it ran. */
    readonly migrated: readonly string[]

    /**
     * Claims a sign-in attempt for good, or throws: of any number of callers at once, on any replica, one succeeds.
     * A claim may be forgotten after `until`, and needs no fsync.
     *
     * @throws {EntradaError} `attempt_already_used`
     */
    claimAttempt(id: string, until: Date): Promise<void>

    /** Remembers that the session is in use. Callers do this at most once a minute per session. */
    touchSession(
      id: SessionId,
      seen: { readonly lastSeenAt: Date; readonly idleEndsAt: Date },
    ): Promise<void>

    /**
     * Counts uses of something under a key, and answers all in this window, whichever replica counted them. The first use opens the
     * window and says when it ends; after that, counting begins anew. Needs no fsync.
     */
    countUses(
      key: string,
      added: { readonly uses: number; readonly now: Date; readonly windowEndsAt: Date },
    ): Promise<{ readonly uses: number; readonly windowEndsAt: Date }>

    /**
     * Adds what a replica has seen of connections to what is known: no sign-in is counted twice or lost, whatever other replicas add at
     * once, and a success that is known already ends the failures before it. Needs no fsync.
     */
    addConnectionResults(results: readonly ConnectionResults[]): Promise<void>

    /**
     * Runs `work` in one transaction: all of it is kept, durably, or none. Two that touch the same person or username run as if
     * one came after the other; `work` may run again from the start when another writer came between, so it must have no effects
     * of its own. An error of `work` rolls back and is rethrown; so does taking longer than five seconds, as `storage_unavailable`.
     */
    atomically<T>(work: (transaction: StorageTransaction) => Promise<T>): Promise<T>

    /**
     * Lends the audit chain to one caller at a time, of any number on any replica; `busy` when another has it, without waiting. All of
     * `work` is kept, durably, or none. It is in the way of no transaction of {@link atomically}, and sees what those committed.
     */
    withAuditChain<T>(work: (chain: AuditChain) => Promise<T>): Promise<T | 'busy'>
    /** Replaces the one record there is. */
    putAuditVerification(stored: StoredVerification): Promise<void>

    /**
     * Removes claims, sessions, counts, test results and kept answers that have ended, traces and set-up links older than `tracesBefore`, and what is
     * known of sign-ins more than 400 days ago. Answers how many rows went.
     */
    sweep(now: Date, options: { readonly tracesBefore: Date }): Promise<number>

    readMark(): Promise<DatabaseMark>
    /** Resolves when the database can be read and written and its schema is fine. @throws {EntradaError} `storage_unavailable` */
    checkReady(): Promise<void>
    close(): Promise<void>
  }
