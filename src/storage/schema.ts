/** Tables and columns, for every dialect alike: times are integer milliseconds, booleans 0 or 1, JSON is text. */
import type { Generated, Kysely, Selectable } from 'kysely'
import type {
  Actor,
  ApiKeyId,
  AuditEventId,
  Connection,
  ConnectionId,
  Domain,
  DomainId,
  GroupSnapshot,
  IdentityId,
  Membership,
  MembershipId,
  OrganizationId,
  RoleSource,
  SessionId,
  SessionKind,
  SetupLink,
  SetupLinkId,
  SignInTrace,
  SignInTraceId,
  TestResultId,
  User,
  UserId,
} from './records.ts'
import type { RememberedEnd } from './session-grants.ts'
import type { DatabaseMark } from './storage.ts'
import type { Webhook, WebhookDelivery, WebhookId } from './webhook-records.ts'

export type Tables = {
  organizations: OrganizationsTable
  connections: ConnectionsTable
  connection_tenants: ConnectionTenantsTable
  domains: DomainsTable
  users: UsersTable
  identities: IdentitiesTable
  memberships: MembershipsTable
  retired_usernames: RetiredUsernamesTable
  role_assignments: RoleAssignmentsTable
  group_snapshots: GroupSnapshotsTable
  connection_uses: ConnectionUsesTable
  sessions: SessionsTable
  session_grants: SessionGrantsTable
  session_ends: SessionEndsTable
  attempt_claims: AttemptClaimsTable
  rate_limit_counts: RateLimitCountsTable
  audit_events: AuditEventsTable
  audit_links: AuditLinksTable
  audit_unlinked: AuditUnlinkedTable
  audit_erasures: AuditErasuresTable
  erasures_due: ErasuresDueTable
  audit_chain: AuditChainTable
  audit_verification: AuditVerificationTable
  sign_in_traces: SignInTracesTable
  connection_health: ConnectionHealthTable
  sign_in_counts: SignInCountsTable
  outbox: OutboxTable
  setup_links: SetupLinksTable
  test_results: TestResultsTable
  webhooks: WebhooksTable
  webhook_deliveries: WebhookDeliveriesTable
  leases: LeasesTable
  given_warnings: GivenWarningsTable
  api_keys: ApiKeysTable
  kept_answers: KeptAnswersTable
  sealed_keys: SealedKeysTable
  database_mark: DatabaseMarkTable
}
export type Database = Kysely<Tables>
export type Row<Table extends keyof Tables> = Selectable<Tables[Table]>

type OrganizationsTable = {
  id: OrganizationId
  name: string
  slug: string
  settings: string
  created_at: number
  updated_at: number
}

/** `credentials_end_at` is derived: after it no active credential works; `null` while that is not known. */
type ConnectionsTable = {
  id: ConnectionId
  organization_id: OrganizationId
  name: string
  slug: string
  protocol: Connection['protocol']
  cloud: string
  authority: string
  tenants: string
  application: Connection['application']
  client_id: string
  credentials: string
  policies: string
  role_rules: string
  settings: string
  credentials_end_at: number | null
  status: Connection['status']
  managed_by: Connection['managedBy']
  created_at: number
  updated_at: number
}

/** Derived from `connections.tenants`, to find connections by tenant. */
type ConnectionTenantsTable = { connection_id: ConnectionId; authority: string; tenant_id: string }

/** `owned_name` is derived, and unique: the name where it is the organization's own (proven or lost), else `null`. */
type DomainsTable = {
  id: DomainId
  organization_id: OrganizationId
  name: string
  owned_name: string | null
  connection_id: ConnectionId | null
  challenge: string
  status: Domain['status']
  proof: 'dns' | 'operator' | null
  proven_at: number | null
  checked_at: number | null
  next_check_at: number | null
  created_at: number
}

type UsersTable = { id: UserId; status: User['status']; created_at: number; updated_at: number }

type IdentitiesTable = {
  id: IdentityId
  user_id: UserId
  cloud: string
  tid: string
  oid: string
  connection_id: ConnectionId | null
  sub: string | null
  last_claims: string
  created_at: number
  last_sign_in_at: number | null
}

/** `username_key`, `email_key` and `search_text` are derived: lower-case copies that are looked up. */
type MembershipsTable = {
  id: MembershipId
  user_id: UserId
  organization_id: OrganizationId
  username: string
  username_key: string
  profile: string
  email_key: string | null
  search_text: string
  status: Membership['status']
  created_at: number
  last_sign_in_at: number | null
}

type RoleAssignmentsTable = { membership_id: MembershipId; role: string; source: RoleSource }

type GroupSnapshotsTable = {
  membership_id: MembershipId
  groups: string
  app_roles: string
  complete: number
  taken_at: number
  source: GroupSnapshot['source']
  names: string | null
  connection_id: ConnectionId | null
}

type ConnectionUsesTable = {
  membership_id: MembershipId
  connection_id: ConnectionId
  fingerprint: string
  last_sign_in_at: number
}

/** `ends_at` is derived: the earlier of the two ends. */
type SessionsTable = {
  id: SessionId
  kind: SessionKind
  token_hash: string
  user_id: UserId | null
  organization_id: OrganizationId | null
  connection_id: ConnectionId | null
  identity_id: IdentityId | null
  entra_sid: string | null
  login_hint: string | null
  host: string
  ip: string | null
  user_agent: string | null
  created_at: number
  last_seen_at: number
  idle_ends_at: number
  absolute_ends_at: number
  ends_at: number
}

/** `key_id` is derived: under which key `sealed` is sealed. A lease that is nobody's ends at 0. */
type SessionGrantsTable = {
  session_id: SessionId
  connection_id: ConnectionId
  sealed: string
  key_id: string
  next_check_at: number
  last_checked_at: number | null
  failures: number
  last_failure: string | null
  lease_id: string | null
  lease_ends_at: number
}

type SessionEndsTable = {
  token_hash: string
  reason: RememberedEnd['reason']
  connection_id: ConnectionId | null
  until: number
}

type AttemptClaimsTable = { id: string; until: number }

type RateLimitCountsTable = { key: string; count: number; until: number }

type AuditEventsTable = {
  id: AuditEventId
  at: number
  type: string
  actor_kind: Actor['kind']
  actor_id: string | null
  organization_id: OrganizationId | null
  connection_id: ConnectionId | null
  user_id: UserId | null
  session_id: SessionId | null
  correlation_id: string | null
  ip: string | null
  user_agent: string | null
  detail: string
}

type AuditLinksTable = {
  sequence: number
  event_id: AuditEventId
  hash: string
  signature: string
}

type AuditErasuresTable = { event_id: AuditEventId; content_hash: string; signature: string }

type ErasuresDueTable = {
  position: Generated<number>
  user_id: UserId
  object_ids: string
  after_event: AuditEventId | ''
  signature: string
}

/** Filled by a trigger on `audit_events`. */
type AuditUnlinkedTable = { position: Generated<number>; event_id: AuditEventId }

type AuditVerificationTable = {
  /** Always 1. */
  id: number
  state: string
  signature: string
}

/** One row. */
type AuditChainTable = {
  id: number
  began_at: number
  sequence: number
  hash: string
  cut_sequence: number
  cut_hash: string
  signature: string
}

type SignInTracesTable = {
  id: SignInTraceId
  at: number
  attempt_id: string
  connection_id: ConnectionId | null
  organization_id: OrganizationId | null
  user_id: UserId | null
  correlation_id: string
  outcome: SignInTrace['outcome']
  code: string | null
  steps: string
  person_oid: string | null
  name_key: string | null
  email_key: string | null
}

type ConnectionHealthTable = {
  connection_id: ConnectionId
  last_success_at: number | null
  last_failure_at: number | null
  last_failure_code: string | null
  failures_in_a_row: number
  failing_since: number | null
}

/** `connection_id` is empty in the rows that count for the whole deployment. */
type SignInCountsTable = {
  connection_id: ConnectionId
  day: string
  outcome: SignInTrace['outcome']
  sign_ins: number
}

type SetupLinksTable = {
  id: SetupLinkId
  connection_id: ConnectionId
  kind: SetupLink['kind']
  token_hash: string
  session_hash: string | null
  progress: string
  created_at: number
  opened_at: number | null
  ends_at: number
  closed_at: number | null
  closed_as: NonNullable<SetupLink['closed']>['as'] | null
}

type TestResultsTable = {
  id: TestResultId
  connection_id: ConnectionId
  holder: string
  sealed: string
  ends_at: number
}

type OutboxTable = { sequence: Generated<number>; event_id: AuditEventId }

type WebhooksTable = {
  id: WebhookId
  organization_id: OrganizationId | null
  url: string
  event_types: string
  secrets: string
  status: Webhook['status']
  off_because: NonNullable<Webhook['offBecause']> | null
  created_at: number
  updated_at: number
}

/** `next_at` is `null` once nothing is left to do. */
type WebhookDeliveriesTable = {
  id: Generated<number>
  webhook_id: WebhookId
  event_id: AuditEventId
  outcome: WebhookDelivery['outcome']
  attempts: number
  next_at: number | null
  last_at: number | null
  last_answer: string | null
  created_at: number
}

type LeasesTable = { name: string; holder: string; until: number }

type GivenWarningsTable = { key: string; at: number }

type ApiKeysTable = {
  id: ApiKeyId
  name: string
  token_hash: string
  hint: string
  scopes: string
  organization_id: OrganizationId | null
  created_at: number
  ends_at: number | null
  last_used_at: number | null
  revoked_at: number | null
}

type RetiredUsernamesTable = { organization_id: OrganizationId; username_hash: string }

type SealedKeysTable = { name: string; sealed: string }

type KeptAnswersTable = { key: string; request_hash: string; answer: string; until: number }

type DatabaseMarkTable = {
  id: number
  mode: DatabaseMark['mode']
  schema_version: number
  oldest_program: number
  created_at: number
}
