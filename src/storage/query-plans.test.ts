/** What the hot paths and the lists of operators ask of a database, and that an index answers it: timing would tell too late, and not always. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { CompiledQuery, Kysely, PostgresDialect } from 'kysely'
import pg from 'pg'
import { startPostgres, type TestPostgres } from '../../test/support/postgres.ts'
import { apiKeyReads } from './api-key-verbs.ts'
import type { Statement } from './compiled-plan.ts'
import { connectionPeopleReads } from './connection-people-verbs.ts'
import { membershipReads } from './membership-reads.ts'
import { openStorage } from './open-storage.ts'
import { organizationReads } from './organization-verbs.ts'
import { peopleReads } from './people-reads.ts'
import type { PlanCondition } from './plan.ts'
import { compilePlan } from './plan-statements.ts'
import type { Database, Tables } from './schema.ts'
import { sessionReads } from './session-verbs.ts'
import type { SignInQuestion, UnlinkedMembers } from './sign-in-state.ts'
import { signInReads } from './sign-in-verbs.ts'
import { openSqliteConnection } from './sqlite.ts'
import { createSqliteDialect } from './sqlite-driver.ts'
import type { PageRequest } from './storage.ts'
import { trailReads } from './trail-verbs.ts'

type Reads = ReturnType<typeof readsOf>

function readsOf(database: Database) {
  const run = async ({ sql, parameters }: Statement) => {
    const { rows } = await database.executeQuery<Record<string, unknown>>(
      CompiledQuery.raw(sql, [...parameters]),
    )
    return { rows, changedRows: 0 }
  }
  const turns = {
    runTogether: (statements: readonly Statement[]) => Promise.all(statements.map(run)),
    writePlan: () => assert.fail('nothing is written here'),
  }
  return {
    ...signInReads(database, turns),
    /** Runs the look-up of a condition, as a plan does before it is written. */
    async check(condition: PlanCondition) {
      const plan = { userId: undefined, alone: false, sendsWebhooks: false, writes: [] }
      const { conditions } = compilePlan(database, { ...plan, conditions: [condition] })
      for (const { statement } of conditions) await run(statement)
    },
    ...organizationReads(database),
    ...connectionPeopleReads(database),
    ...peopleReads(database),
    ...membershipReads(database),
    ...apiKeyReads(database),
    ...sessionReads(database),
    ...trailReads(database),
  }
}

const now = new Date('2026-11-22T09:00:00Z')
const cursor = '1700000000000.zzz'
const first: PageRequest = { limit: 50 }
const deep: PageRequest = { limit: 50, after: cursor }

const question: SignInQuestion = {
  connectionId: 'con_1',
  person: { space: 'entra:global', directory: 't', subject: 'o' },
  presentedTokenHashes: ['hash'],
}
const unlinked: UnlinkedMembers = {
  organizationId: 'org_1',
  address: 'a@b.example',
  withoutRoles: ['auditor'],
}

/** Once for each request of a person. */
const hotPaths: Readonly<Record<string, (reads: Reads) => Promise<unknown>>> = {
  'the session of a request': (reads) => reads.findSession('hash', now),
  'a connection by its id': (reads) => reads.findConnection('con_1'),
  'a connection by its address': (reads) => reads.findConnectionBySlug('contoso'),
  'the start of a sign-in': (reads) => reads.findStart('con_1'),
  'the start of a sign-in by its address': (reads) => reads.findStartBySlug('contoso'),
  'what a sign-in needs to know': (reads) => reads.readSignIn(question),
  'whether all of it is the same': (reads) =>
    reads.check({ still: 'same_state', question, mark: '' }),
  'whether a username was retired': (reads) =>
    reads.check({ still: 'not_retired', organizationId: 'org_1', usernameHash: 'hash' }),
  'whether the same members can still be linked': (reads) =>
    reads.check({ still: 'same_candidates', wanted: unlinked, candidates: [] }),
  'whether the last known groups are the same': (reads) =>
    reads.check({ still: 'same_groups', membershipId: 'mem_1', takenAt: undefined }),
  'whether a domain is still proven': (reads) =>
    reads.check({ still: 'domain_proven', organizationId: 'org_1', domain: 'b.example' }),
  'a person whose session is checked again': (reads) => reads.findPerson(question.person, 'org_1'),
  'an email to link by': (reads) => reads.findUnlinkedMemberships(unlinked, 2),
  'sessions of a connection that is changed': (reads) => reads.listSessionIdsOf('con_1'),
  'the people behind sessions': (reads) => reads.listSessionPeople(['ses_1', 'ses_2']),
  'roles of a membership': (reads) => reads.listRoles('mem_1'),
  'sessions that Entra ends': (reads) => reads.hasSessionsOfEntraSid('con_1', 'sid'),
  'a key of the API': (reads) => reads.findApiKeyByTokenHash('hash'),
  'a call that comes again': (reads) => reads.findKeptAnswer('key', now),
  'tenants of a connection that is changed': (reads) => reads.listLinkedTenants('con_1'),
}

/** Each at its beginning and far behind it. */
const lists: Readonly<Record<string, (reads: Reads, page: PageRequest) => Promise<unknown>>> = {
  organizations: (reads, page) => reads.listOrganizations(page),
  connections: (reads, page) => reads.listConnections({}, page),
  'connections of an organization': (reads, page) =>
    reads.listConnections({ organizationId: 'org_1' }, page),
  users: (reads, page) => reads.listUsers(page),
  memberships: (reads, page) => reads.listMemberships({}, page),
  'memberships of an organization': (reads, page) =>
    reads.listMemberships({ organizationId: 'org_1' }, page),
  sessions: (reads, page) => reads.listSessions({}, page, now),
  'sessions of a user': (reads, page) => reads.listSessions({ userId: 'usr_1' }, page, now),
  'sessions of an organization': (reads, page) =>
    reads.listSessions({ organizationId: 'org_1' }, page, now),
  'audit events': (reads, page) => reads.listAuditEvents({}, page),
  'audit events of an organization': (reads, page) =>
    reads.listAuditEvents({ organizationId: 'org_1' }, page),
  'audit events of a type': (reads, page) => reads.listAuditEvents({ type: 'user.created' }, page),
  'audit events of a connection': (reads, page) =>
    reads.listAuditEvents({ connectionId: 'con_1' }, page),
  'sign-ins': (reads, page) => reads.listSignInTraces({}, page),
  'sign-ins of an organization': (reads, page) =>
    reads.listSignInTraces({ organizationId: 'org_1' }, page),
  'sign-ins of a connection': (reads, page) =>
    reads.listSignInTraces({ connectionId: 'con_1' }, page),
  'sign-ins of a user': (reads, page) => reads.listSignInTraces({ userId: 'usr_1' }, page),
  'keys of the API': (reads, page) => reads.listApiKeys({}, page),
}

type Bench = {
  readonly database: Database
  /** Returns the queries since the last call. */
  takeQueries(): readonly CompiledQuery[]
  /** Steps of the plan that go through a whole table, or sort one. The few roles of a membership and sessions of a user do not count. */
  costlySteps(query: CompiledQuery): Promise<readonly string[]>
  close(): Promise<void>
}

function newBench(dialect: ConstructorParameters<typeof Kysely>[0]['dialect']) {
  const seen: CompiledQuery[] = []
  const database = new Kysely<Tables>({
    dialect,
    log: ({ query }) => void seen.push(query),
  })
  return { database, takeQueries: () => seen.splice(0) }
}

async function openSqliteBench(): Promise<Bench> {
  const folder = mkdtempSync(join(tmpdir(), 'entrada-plans-'))
  const path = join(folder, 'plans.db')
  await (await openStorage(path, { mode: 'development', now: () => now })).close()
  const { handle } = openSqliteConnection(path)
  const bench = newBench(createSqliteDialect(handle))
  return {
    ...bench,
    async costlySteps({ sql, parameters }) {
      const explain = CompiledQuery.raw(`explain query plan ${sql}`, [...parameters])
      const { rows } = await bench.database.executeQuery<{ detail: string }>(explain)
      const steps = rows.map(({ detail }) => detail)
      const costly =
        /^SCAN (?!own_sessions$|.*USING (COVERING )?INDEX)|TEMP B-TREE(?! FOR string_agg)/
      return steps.filter((step) => costly.test(step))
    },
    async close() {
      handle.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

async function openPostgresBench(postgres: TestPostgres): Promise<Bench> {
  const connectionString = await postgres.createDatabase()
  await (await openStorage(connectionString, { mode: 'development', now: () => now })).close()
  // PostgreSQL scans small tables even if there is an index. With this setting it does so only where it has to.
  const options = '-c enable_seqscan=off -c enable_sort=off'
  const pool = new pg.Pool({ connectionString, max: 1, options })
  const bench = newBench(new PostgresDialect({ pool }))
  return {
    ...bench,
    async costlySteps({ sql, parameters }) {
      const { rows } = await pool.query(`explain ${sql}`, [...parameters])
      const steps = rows.map((row) => String(row['QUERY PLAN']))
      const isOfRoles = (at: number) =>
        /\bsource\b/.test(steps.slice(at).find((step) => step.includes('Sort Key:')) ?? '')
      return steps.filter(
        (step, at) =>
          /Seq Scan/.test(step) || (/(?<!Incremental )\bSort {2}/.test(step) && !isOfRoles(at)),
      )
    },
    close: () => bench.database.destroy(),
  }
}

describe('what is asked of the database', () => {
  let postgres: TestPostgres
  before(async () => {
    postgres = await startPostgres()
  })
  after(() => postgres.close())

  const databases = {
    SQLite: openSqliteBench,
    PostgreSQL: () => openPostgresBench(postgres),
  }
  for (const [name, open] of Object.entries(databases)) {
    describe(name, () => {
      let bench: Bench
      before(async () => {
        bench = await open()
      })
      after(() => bench.close())

      async function costlyStepsOf(ask: (reads: Reads) => Promise<unknown>): Promise<string[]> {
        bench.takeQueries()
        await ask(readsOf(bench.database))
        const queries = bench.takeQueries()
        assert.ok(queries.length > 0)
        const steps = await Promise.all(queries.map(bench.costlySteps))
        return steps.flat()
      }

      for (const [what, ask] of Object.entries(hotPaths)) {
        it(`finds ${what} by an index`, async () => {
          assert.deepEqual(await costlyStepsOf(ask), [])
        })
      }
      for (const [what, list] of Object.entries(lists)) {
        it(`reads a page of ${what} along an index, wherever it begins`, async () => {
          assert.deepEqual(await costlyStepsOf((reads) => list(reads, first)), [])
          assert.deepEqual(await costlyStepsOf((reads) => list(reads, deep)), [])
        })
      }
    })
  }
})
