/** Tables and columns, the same in every dialect: times are integer milliseconds, booleans 0 or 1, JSON is text. */
import type { Generated, Kysely, Selectable } from 'kysely'
import type { ApiKeyRow } from './api-key-verbs.ts'
import type { AuditChainRow } from './audit-chain-verbs.ts'
import type { DomainRow } from './domain-rows.ts'
import type { ConnectionHealthRow } from './health-verbs.ts'
import type { ConnectionRow, OrganizationRow } from './organization-rows.ts'
import type { GroupSnapshotRow, IdentityRow, MembershipRow, UserRow } from './people-rows.ts'
import type {
  AuditEventId,
  ConnectionId,
  MembershipId,
  OrganizationId,
  RoleSource,
  SignInTrace,
  UserId,
} from './records.ts'
import type { SessionEndRow, SessionGrantRow } from './session-grant-verbs.ts'
import type { SessionRow } from './session-rows.ts'
import type { SetupLinkRow, TestResultRow } from './setup-verbs.ts'
import type { DatabaseMark } from './storage.ts'
import type { AuditEventRow, SignInTraceRow } from './trail-rows.ts'
import type { WebhookDeliveryRow, WebhookRow } from './webhook-rows.ts'

export type Tables = {
  organizations: OrganizationRow
  connections: ConnectionRow
  connection_tenants: ConnectionTenantsTable
  domains: DomainRow
  users: UserRow
  identities: IdentityRow
  memberships: MembershipRow
  removed_connections: RemovedConnectionsTable
  retired_usernames: RetiredUsernamesTable
  role_assignments: RoleAssignmentsTable
  group_snapshots: GroupSnapshotRow
  connection_uses: ConnectionUsesTable
  sessions: SessionRow
  session_grants: SessionGrantRow
  session_ends: SessionEndRow
  attempt_claims: AttemptClaimsTable
  rate_limit_counts: RateLimitCountsTable
  audit_events: AuditEventRow
  audit_links: AuditLinksTable
  audit_unlinked: AuditUnlinkedTable
  audit_erasures: AuditErasuresTable
  erasures_due: ErasuresDueTable
  audit_chain: AuditChainRow
  audit_verification: AuditVerificationTable
  sign_in_traces: SignInTraceRow
  connection_health: ConnectionHealthRow
  sign_in_counts: SignInCountsTable
  outbox: OutboxTable
  setup_links: SetupLinkRow
  test_results: TestResultRow
  webhooks: WebhookRow
  webhook_deliveries: WebhookDeliveryRow
  leases: LeasesTable
  given_warnings: GivenWarningsTable
  api_keys: ApiKeyRow
  kept_answers: KeptAnswersTable
  sealed_keys: SealedKeysTable
  database_mark: DatabaseMarkTable
}
export type Database = Kysely<Tables>
export type Row<Table extends keyof Tables> = Selectable<Tables[Table]>

/** Derived from `connections.tenants`, to find connections by tenant. */
type ConnectionTenantsTable = { connection_id: ConnectionId; authority: string; tenant_id: string }

type RoleAssignmentsTable = { membership_id: MembershipId; role: string; source: RoleSource }

type ConnectionUsesTable = {
  membership_id: MembershipId
  connection_id: ConnectionId
  fingerprint: string
  last_sign_in_at: number
}

type AttemptClaimsTable = { id: string; until: number }

type RateLimitCountsTable = { key: string; count: number; until: number }

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

/** `connection_id` is empty in the rows that count for the whole deployment. */
type SignInCountsTable = {
  connection_id: ConnectionId
  day: string
  outcome: SignInTrace['outcome']
  sign_ins: number
}

type OutboxTable = { sequence: Generated<number>; event_id: AuditEventId }

type LeasesTable = { name: string; holder: string; until: number }

type GivenWarningsTable = { key: string; at: number }

/** Filled by a trigger on `connections`. */
type RemovedConnectionsTable = { id: ConnectionId }

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
