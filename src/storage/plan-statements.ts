/** Makes the statements of a plan. Each is compiled once. */
import { CompiledQuery, sql } from 'kysely'
import type { CompiledCondition, CompiledPlan, PlanLock, Statement } from './compiled-plan.ts'
import { selectUnlinked } from './people-reads.ts'
import {
  type GroupSnapshotRow,
  type IdentityRow,
  type MembershipRow,
  toGroupSnapshotRow,
  toIdentityRow,
  toMembershipRow,
  toProfileColumns,
  toUserRow,
  type UserRow,
} from './people-rows.ts'
import type {
  IdentityChanges,
  Plan,
  PlanCondition,
  PlanWrite,
  PlanWriter,
  UnlinkedMember,
} from './plan.ts'
import { prepared } from './prepared.ts'
import type { AuditEventRecord, MembershipId, RoleAssignment } from './records.ts'
import type { Database } from './schema.ts'
import { type SessionGrantRow, toSessionGrantRow } from './session-grant-verbs.ts'
import { type SessionRow, toSessionRow } from './session-rows.ts'
import { sameState } from './sign-in-verbs.ts'
import {
  type AuditEventRow,
  type SignInTraceRow,
  toAuditEventRow,
  toSignInTraceRow,
} from './trail-rows.ts'
import { locksOfSignIn } from './transaction-locks.ts'
import { insertDeliveries } from './webhook-verbs.ts'

/** Compiles a plan for the database that will run it. */
export function compilePlan(database: Database, plan: Plan): CompiledPlan {
  return {
    locks: locksOf(plan),
    conditions: plan.conditions.map((condition) => compileCondition(database, condition)),
    writes: compileWrites(database, plan.writes, plan.sendsWebhooks),
  }
}

/** Creates the function that writes rows of a plan inside a transaction. */
export function planWrites(database: Database): PlanWriter {
  return {
    async writeAll(writes) {
      for (const { sql: text, parameters } of compileWrites(database, writes, true)) {
        await database.executeQuery(CompiledQuery.raw(text, [...parameters]))
      }
    },
  }
}

function compileWrites(
  database: Database,
  writes: readonly PlanWrite[],
  sendsWebhooks: boolean,
): readonly Statement[] {
  const events = writes.flatMap((write) => (write.write === 'append_audit_event' ? write : []))
  return [
    ...writes.flatMap((write) => compileWrite(database, write)),
    ...compileEvents(database, events, sendsWebhooks),
  ]
}

/** A plan that only appends relies on nothing. */
function locksOf({ organizationId, userId, alone, conditions }: Plan): readonly PlanLock[] {
  if (organizationId === undefined || conditions.length === 0) return []
  return locksOfSignIn(organizationId, userId && { id: userId, alone })
}

function compileCondition(database: Database, condition: PlanCondition): CompiledCondition {
  switch (condition.still) {
    case 'same_state':
      return sameState(database, condition.question, condition.mark)
    case 'same_candidates': {
      const { wanted, candidates } = condition
      const statement = selectUnlinked(database, wanted)
        .innerJoin('users', 'users.id', 'memberships.user_id')
        .select(candidatesMark.as('mark'))
        .compile()
      return { statement, mark: markOfCandidates(candidates) }
    }
    case 'same_groups': {
      const { membershipId, takenAt } = condition
      const mark = takenAt === undefined ? null : String(takenAt.getTime())
      return { statement: selectGroupsTime(database, { membershipId }), mark }
    }
    case 'domain_proven': {
      const statement = database
        .selectFrom('domains')
        .select('domains.status as mark')
        .where('owned_name', '=', condition.domain)
        .where('organization_id', '=', condition.organizationId)
        .compile()
      return { statement, mark: 'proven' }
    }
    case 'not_retired': {
      const { organizationId, usernameHash } = condition
      return { statement: selectRetired(database, { organizationId, usernameHash }), mark: null }
    }
  }
}

const SEVERAL = 'several'
const candidatesMark = sql<string | null>`
  case when count(*) > 1 then ${sql.lit(SEVERAL)}
  else min(memberships.id || ' ' || memberships.status || ' ' || users.status) end
`

function markOfCandidates([only, another]: readonly UnlinkedMember[]): string | null {
  if (only === undefined) return null
  if (another !== undefined) return SEVERAL
  const { id, status } = only.membership
  return `${id} ${status} ${only.userStatus}`
}

function compileWrite(database: Database, write: PlanWrite): readonly Statement[] {
  switch (write.write) {
    case 'create_user':
      return [insertUser(database, toUserRow(write.user))]
    case 'link_identity':
      return [insertIdentity(database, toIdentityRow(write.identity))]
    case 'refresh_identity':
      return updateIdentity(database, write)
    case 'create_membership':
      return [insertMembership(database, toMembershipRow(write.membership))]
    case 'refresh_membership':
      return refreshMembership(database, write)
    case 'replace_rule_roles':
      return replaceRuleRoles(database, write)
    case 'note_connection_use': {
      const { connectionId, fingerprint, at } = write.use
      const used = { connection_id: connectionId, fingerprint, last_sign_in_at: at.getTime() }
      return [putConnectionUse(database, { membership_id: write.id, ...used })]
    }
    case 'put_group_snapshot':
      return [putGroupSnapshot(database, toGroupSnapshotRow(write.id, write.snapshot))]
    case 'create_session':
      return [insertSession(database, toSessionRow(write.session))]
    case 'end_session':
      return [deleteSession(database, { id: write.id })]
    case 'put_session_grant':
      return [insertSessionGrant(database, toSessionGrantRow(write.grant))]
    case 'append_sign_in_trace':
      return [insertTrace(database, toSignInTraceRow(write.trace))]
    case 'append_audit_event':
      return [] // all events together: `compileEvents`
  }
}

/** All events of a plan are one statement, and each may add deliveries to webhooks and an entry of the outbox. */
function compileEvents(
  database: Database,
  appended: readonly { readonly event: AuditEventRecord; readonly toOutbox: boolean }[],
  sendsWebhooks: boolean,
): readonly Statement[] {
  if (appended.length === 0) return []
  const rows = appended.map(({ event }) => toAuditEventRow(event))
  const forWebhooks = sendsWebhooks ? appended : []
  const forOutbox = appended.filter(({ toOutbox }) => toOutbox)
  return [
    insertEvents(rows.length)(database, flattened(rows)),
    ...forWebhooks.map(({ event }) => insertDeliveries(event).compile(database)),
    ...forOutbox.map(({ event }) => insertOutbox(database, { event_id: event.id })),
  ]
}

const insertUser = prepared<UserRow>((database, row) => database.insertInto('users').values(row))

const insertIdentity = prepared<IdentityRow>((database, row) =>
  database.insertInto('identities').values(row),
)

type SeenColumns = Pick<IdentityRow, 'connection_id' | 'sub' | 'last_claims' | 'last_sign_in_at'>
type IdentityUpdate = Partial<SeenColumns> & Pick<IdentityRow, 'id'>
/** A statement for each set of columns that are written together. */
const identityUpdates = new Map<string, ReturnType<typeof prepared<IdentityUpdate>>>()

function updateIdentity(
  database: Database,
  { id, seen }: Extract<PlanWrite, { write: 'refresh_identity' }>,
): readonly Statement[] {
  const columns = toSeenColumns(seen)
  const names = Object.keys(columns).join()
  if (names === '') return []
  let update = identityUpdates.get(names)
  if (update === undefined) {
    update = prepared<IdentityUpdate>((db, { id: identityId, ...changed }) =>
      db.updateTable('identities').set(changed).where('id', '=', identityId),
    )
    identityUpdates.set(names, update)
  }
  return [update(database, { ...columns, id })]
}

function toSeenColumns(seen: IdentityChanges): Partial<SeenColumns> {
  const { connectionId, sub, lastClaims, lastSignInAt } = seen
  return {
    ...(connectionId === undefined ? {} : { connection_id: connectionId }),
    ...(sub === undefined ? {} : { sub }),
    ...(lastClaims === undefined ? {} : { last_claims: JSON.stringify(lastClaims) }),
    ...(lastSignInAt === undefined ? {} : { last_sign_in_at: lastSignInAt.getTime() }),
  }
}

const insertMembership = prepared<MembershipRow>((database, row) =>
  database.insertInto('memberships').values(row),
)

const updateProfile = prepared<ReturnType<typeof toProfileColumns> & { id: MembershipId }>(
  (database, { id, ...columns }) =>
    database.updateTable('memberships').set(columns).where('id', '=', id),
)

const updateMembershipTime = prepared<{ id: MembershipId; last_sign_in_at: number }>(
  (database, { id, ...columns }) =>
    database.updateTable('memberships').set(columns).where('id', '=', id),
)

function refreshMembership(
  database: Database,
  { membership, profile, lastSignInAt }: Extract<PlanWrite, { write: 'refresh_membership' }>,
): readonly Statement[] {
  const { id, username } = membership
  const time = { id, last_sign_in_at: lastSignInAt?.getTime() ?? 0 }
  return [
    ...(lastSignInAt ? [updateMembershipTime(database, time)] : []),
    ...(profile ? [updateProfile(database, { id, ...toProfileColumns(profile, username) })] : []),
  ]
}

const deleteRuleRoles = prepared<{ id: MembershipId }>((database, { id }) =>
  database
    .deleteFrom('role_assignments')
    .where('membership_id', '=', id)
    .where('source', '<>', 'manual'),
)

const insertRole = prepared<RoleAssignment & { membership_id: MembershipId }>((database, row) =>
  database
    .insertInto('role_assignments')
    .values(row)
    .onConflict((conflict) => conflict.doNothing()),
)

function replaceRuleRoles(
  database: Database,
  { id, roles }: Extract<PlanWrite, { write: 'replace_rule_roles' }>,
): readonly Statement[] {
  const rows = roles.map(({ role, source }) => ({ membership_id: id, role, source }))
  return [deleteRuleRoles(database, { id }), ...rows.map((row) => insertRole(database, row))]
}

type UseRow = {
  membership_id: MembershipId
  connection_id: string
  fingerprint: string
  last_sign_in_at: number
}
const putConnectionUse = prepared<UseRow>((database, row) => {
  const { fingerprint, last_sign_in_at } = row
  return database
    .insertInto('connection_uses')
    .values(row)
    .onConflict((conflict) =>
      conflict
        .columns(['membership_id', 'connection_id'])
        .doUpdateSet({ fingerprint, last_sign_in_at }),
    )
})

const putGroupSnapshot = prepared<GroupSnapshotRow>((database, row) => {
  const { membership_id: _, ...rest } = row
  return database
    .insertInto('group_snapshots')
    .values(row)
    .onConflict((conflict) => conflict.column('membership_id').doUpdateSet(rest))
})

const selectGroupsTime = prepared<{ membershipId: MembershipId }>((database, { membershipId }) =>
  database
    .selectFrom('group_snapshots')
    .select('taken_at as mark')
    .where('membership_id', '=', membershipId),
)

const insertSession = prepared<SessionRow>((database, row) =>
  database.insertInto('sessions').values(row),
)

const deleteSession = prepared<{ id: SessionRow['id'] }>((database, { id }) =>
  database.deleteFrom('sessions').where('id', '=', id),
)

const insertSessionGrant = prepared<SessionGrantRow>((database, row) =>
  database.insertInto('session_grants').values(row),
)

const insertTrace = prepared<SignInTraceRow>((database, row) =>
  database.insertInto('sign_in_traces').values(row),
)

const insertOutbox = prepared<{ event_id: AuditEventRow['id'] }>((database, row) =>
  database.insertInto('outbox').values(row),
)

const selectRetired = prepared<{
  organizationId: MembershipRow['organization_id']
  usernameHash: string
}>((database, { organizationId, usernameHash }) =>
  database
    .selectFrom('retired_usernames')
    .select(sql<string>`username_hash`.as('mark'))
    .where('organization_id', '=', organizationId)
    .where('username_hash', '=', usernameHash),
)

type FlatEvents = Readonly<Record<string, unknown>>
const eventInserts = new Map<number, ReturnType<typeof prepared<FlatEvents>>>()

/** Returns the statement that inserts this many events. */
function insertEvents(count: number): ReturnType<typeof prepared<FlatEvents>> {
  const known = eventInserts.get(count)
  if (known !== undefined) return known
  const insert = prepared<FlatEvents>((database, values) =>
    database.insertInto('audit_events').values(unflattened(values)),
  )
  eventInserts.set(count, insert)
  return insert
}

function flattened(rows: readonly AuditEventRow[]): FlatEvents {
  const entries = rows.flatMap((row, number) =>
    Object.entries(row).map(([column, value]) => [`${number}.${column}`, value] as const),
  )
  return Object.fromEntries(entries)
}

function unflattened(values: FlatEvents): AuditEventRow[] {
  const rows: Record<string, unknown>[] = []
  for (const [name, value] of Object.entries(values)) {
    const [number = '', column = ''] = name.split('.')
    const row = rows[Number(number)] ?? {}
    row[column] = value
    rows[Number(number)] = row
  }
  return rows as AuditEventRow[] // from `flattened`
}
