/** Reads what a sign-in needs to know, in one look-up, and claims its attempt. */
import { type Expression, sql } from 'kysely'
import { EntradaError } from '../errors/errors.ts'
import { foldCase, present } from './columns.ts'
import type { CompiledCondition, Statement, TurnRunner } from './compiled-plan.ts'
import { connectionPart, organizationPart } from './organization-rows.ts'
import { groupPart, identityPart, membershipPart, userPart } from './people-rows.ts'
import { prepared } from './prepared.ts'
import type { PersonKey, RoleAssignment, RoleSource } from './records.ts'
import { rememberingParser } from './remembered-rows.ts'
import type { Database } from './schema.ts'
import { sessionPart } from './session-rows.ts'
import {
  MOST_SESSIONS,
  type SignInQuestion,
  type SignInStart,
  type SignInState,
  type SignInVerbs,
} from './sign-in-state.ts'
import { RETIRED_USERNAMES_KEY } from './username-storage.ts'

type JoinedRow = Readonly<Record<string, unknown>>

/** Between the parts of a text that is put together. A control character never occurs in a role. */
const PART = '\u001f'
const WITHIN = '\u001e'

/** Creates the functions with which a sign-in reads. */
export function signInReads(database: Database, turns: TurnRunner): Omit<SignInVerbs, 'writePlan'> {
  // Connections and organizations change rarely, and are read with every sign-in.
  const parseConnection = rememberingParser(connectionPart)
  const parseOrganization = rememberingParser(organizationPart)

  const findStartBy = async (statement: Statement): Promise<SignInStart | undefined> => {
    const [found] = await turns.runTogether([statement])
    const row = found?.rows[0]
    const connection = row && parseConnection(row)
    const organization = row && parseOrganization(row)
    return connection && organization && { connection, organization }
  }

  return {
    findStart: (id) => findStartBy(selectStart(database, { id })),
    findStartBySlug: (slug) => findStartBy(selectStartBySlug(database, { slug: foldCase(slug) })),
    async claimAttemptOf(connectionId, { id, until }) {
      const [claimed, found] = await turns.runTogether([
        insertClaim(database, { id, until: until.getTime() }),
        selectConnection(database, { connectionId }),
      ])
      if (claimed?.changedRows === 0) throw new EntradaError('attempt_already_used')
      const row = found?.rows[0]
      return row && parseConnection(row)
    },
    async readSignIn(question) {
      const tokenHashes = question.presentedTokenHashes
      const [found, ...replaced] = await turns.runTogether([
        selectState(database, parametersOf(question)),
        ...tokenHashes.map((tokenHash) => selectReplaced(database, { tokenHash })),
      ])
      const row = found?.rows[0]
      if (row === undefined) return undefined
      const connection = parseConnection(row)
      const organization = parseOrganization(row)
      if (connection === undefined || organization === undefined) return undefined
      const sessions = replaced.flatMap(({ rows }) => rows.map(sessionPart.parse))
      return { ...parseState(row), connection, organization, replaced: sessions.filter(isThere) }
    },
  }
}

/** Returns the condition that the look-up still gives the same. */
export function sameState(
  database: Database,
  question: SignInQuestion,
  mark: string,
): CompiledCondition {
  return { statement: selectMark(database, parametersOf(question)), mark }
}

type StateParameters = PersonKey & { readonly connectionId: string }

function parametersOf({ connectionId, person }: SignInQuestion): StateParameters {
  const { space, directory, subject } = person
  return { connectionId, space, directory, subject }
}

const insertClaim = prepared<{ id: string; until: number }>((database, claim) =>
  database
    .insertInto('attempt_claims')
    .values(claim)
    .onConflict((conflict) => conflict.column('id').doNothing()),
)

const selectConnection = prepared<{ connectionId: string }>((database, { connectionId }) =>
  database
    .selectFrom('connections')
    .select(connectionPart.aliased)
    .where('connections.id', '=', connectionId),
)

function startOf(database: Database) {
  return database
    .selectFrom('connections')
    .innerJoin('organizations', 'organizations.id', 'connections.organization_id')
    .select(connectionPart.aliased)
    .select(organizationPart.aliased)
}

const selectStart = prepared<{ id: string }>((database, { id }) =>
  startOf(database).where('connections.id', '=', id),
)

const selectStartBySlug = prepared<{ slug: string }>((database, { slug }) =>
  startOf(database).where('connections.slug', '=', slug),
)

const selectReplaced = prepared<{ tokenHash: string }>((database, { tokenHash }) =>
  database
    .selectFrom('sessions')
    .select(sessionPart.aliased)
    .where('sessions.token_hash', '=', tokenHash),
)

const selectState = prepared<StateParameters>((database, parameters) =>
  stateOf(database, parameters)
    .select(connectionPart.aliased)
    .select(organizationPart.aliased)
    .select(identityPart.aliased)
    .select(userPart.aliased)
    .select(membershipPart.aliased)
    .select(groupPart.aliased)
    .select([
      roles.as('roles'),
      sendsWebhooks.as('sends_webhooks'),
      hasManySessions.as('has_many_sessions'),
      retiredUsernamesKey.as('retired_usernames_key'),
      mark.as('mark'),
    ]),
)

const selectMark = prepared<StateParameters>((database, parameters) =>
  stateOf(database, parameters).select(mark.as('mark')),
)

/** Selects one row for a connection, whether the person is known or not. */
function stateOf(database: Database, { connectionId, space, directory, subject }: StateParameters) {
  return database
    .selectFrom('connections')
    .innerJoin('organizations', 'organizations.id', 'connections.organization_id')
    .leftJoin('identities', (join) =>
      join
        .on('identities.subject', '=', subject)
        .on('identities.directory', '=', directory)
        .on('identities.space', '=', space),
    )
    .leftJoin('users', 'users.id', 'identities.user_id')
    .leftJoin('memberships', (join) =>
      join
        .onRef('memberships.user_id', '=', 'users.id')
        .onRef('memberships.organization_id', '=', 'connections.organization_id'),
    )
    .leftJoin('group_snapshots', 'group_snapshots.membership_id', 'memberships.id')
    .where('connections.id', '=', connectionId)
}

const roles = sql<string | null>`(
  select string_agg(source || ${sql.lit(WITHIN)} || role, ${sql.lit(PART)} order by source, role)
  from role_assignments where role_assignments.membership_id = memberships.id
)`

const sendsWebhooks = sql<number>`(
  case when exists (
    select 1 from webhooks where webhooks.status = 'on'
    and (webhooks.organization_id is null or webhooks.organization_id = connections.organization_id)
  ) then 1 else 0 end
)`

const hasManySessions = sql<number>`(
  select case when count(*) >= ${sql.lit(MOST_SESSIONS)} then 1 else 0 end from (
    select 1 from sessions where sessions.user_id = users.id limit ${sql.lit(MOST_SESSIONS)}
  ) as own_sessions
)`

const retiredUsernamesKey = sql<string | null>`(
  select sealed from sealed_keys where name = ${sql.lit(RETIRED_USERNAMES_KEY)}
)`

/**
 * What decisions rely on. Times of use are left out, or two sign-ins of one person at once would each find that something changed; so are
 * the profile and the groups, which each sign-in replaces.
 */
const mark = joinedText([
  sql.ref('connections.status'),
  sql.ref('connections.cloud'),
  sql.ref('connections.authority'),
  sql.ref('connections.application'),
  sql.ref('connections.client_id'),
  sql.ref('connections.tenants'),
  sql.ref('connections.policies'),
  sql.ref('connections.role_rules'),
  sql.ref('connections.settings'),
  sql.ref('organizations.settings'),
  sql.ref('identities.id'),
  sql`case when identities.last_sign_in_at is null then '0' else '1' end`,
  sql.ref('users.id'),
  sql.ref('users.status'),
  sql.ref('memberships.id'),
  sql.ref('memberships.status'),
  roles,
  sql`case ${sendsWebhooks} when 1 then '1' else '0' end`,
  sql`case when ${retiredUsernamesKey} is null then '0' else '1' end`,
])

function joinedText(parts: readonly Expression<unknown>[]) {
  const texts = parts.map((part) => sql`coalesce(${part}, '')`)
  return sql<string>`${sql.join(texts, sql` || ${sql.lit(PART)} || `)}`
}

function parseState(row: JoinedRow): Omit<SignInState, 'connection' | 'organization' | 'replaced'> {
  const identity = identityPart.parse(row)
  const user = userPart.parse(row)
  const belongings = { membership: membershipPart.parse(row), groups: groupPart.parse(row) }
  return present({
    known: identity && user && present({ identity, user, ...belongings }),
    roles: parseRoles(row.roles),
    hasManySessions: row.has_many_sessions === 1,
    retiredUsernamesKey: row.retired_usernames_key as string | null, // a text column
    sendsWebhooks: row.sends_webhooks === 1,
    mark: String(row.mark),
  })
}

function parseRoles(text: unknown): readonly RoleAssignment[] {
  if (typeof text !== 'string') return []
  return text.split(PART).map((assignment) => {
    const [source = '', role = ''] = assignment.split(WITHIN)
    return { source: source as RoleSource, role } // written by plans and by `giveRole`
  })
}

function isThere<T>(value: T | undefined): value is T {
  return value !== undefined
}
