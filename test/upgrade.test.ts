/**
 * An upgrade as users see it: the earlier program, as it was built then, serves them from a database with years of data, while
 * the present one migrates that database and takes over. Expand, then contract: no request is refused on the way.
 */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join, resolve } from 'node:path'
import { after, before, describe, it, type TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { newSecretKey } from '../src/keys/key-ring.ts'
import { knownSchemaVersion } from '../src/storage/migrations/migrations.ts'
import { openSqliteConnection } from '../src/storage/sqlite.ts'
import { startBalancer } from './support/balancer.ts'
import { type EarlierRelease, earlierReleases, unpackRelease } from './support/earlier-releases.ts'
import { startCrowd, startEntra } from './support/fault-servers.ts'
import { startPostgres, type TestPostgres } from './support/postgres.ts'
import { OPERATOR_TOKEN, people } from './support/rig.ts'
import { freePort, startServer, temporaryFolder } from './support/server-process.ts'

type Environment = Readonly<Record<string, string>>
type Crowd = ReturnType<typeof startCrowd>

/** As many rows as a company has after a few years. */
const OLD_EVENTS = 60_000
const OLD_USERS = 5_000

let postgres: TestPostgres
before(async () => {
  postgres = await startPostgres()
})
after(() => postgres.close())

for (const release of earlierReleases) {
  describe(`an upgrade from the program of schema ${release.schema}`, () => {
    it('refuses nobody on PostgreSQL: migrated under load, then replaced one server at a time', async (t) => {
      const database = await postgres.createDatabase()
      const shared = {
        ENTRADA_DATABASE_URL: database,
        ENTRADA_SECRET_KEYS: newSecretKey(),
        ENTRADA_OPERATOR_TOKEN: OPERATOR_TOKEN,
      }
      const site = await openSite(t, release, { shared, servers: 2 })
      await site.startEarlier(0)
      for (const statement of pastOnPostgres) await postgres.run(database, statement)
      await site.startEarlier(1)

      const crowd = startCrowd(t, site.origin, 4)
      const visitors = startVisitors(t, site.origin, crowd)
      await moreSignIn(crowd, 12)
      const migrated = await migrate(site.environment)
      assert.equal(migrated.schemaVersion, knownSchemaVersion)
      assert.ok(migrated.oldestProgram <= release.schema, 'the release before goes on working')
      await moreSignIn(crowd, 12)
      for (const [place, newcomer] of [people.bob, people.heidi].entries()) {
        site.emulator.signInAutomaticallyAs(newcomer)
        await moreSignIn(crowd, 10)
        await site.replace(place)
        await moreSignIn(crowd, 10)
      }
      await endWell(site.origin, crowd, visitors)

      const [users] = await postgres.run(database, 'select count(*)::int as count from users')
      assert.equal(users?.count, OLD_USERS + 3, 'each newcomer is one user to both programs')
      await verifyTrail(site.environment, crowd)
    })

    it('refuses nobody on SQLite while it is migrated under load; sessions outlive the restart', async (t) => {
      const folder = join(await temporaryFolder(t), 'data')
      const shared = { ENTRADA_DATA_DIR: folder, ENTRADA_OPERATOR_TOKEN: OPERATOR_TOKEN }
      const site = await openSite(t, release, { shared, servers: 1 })
      await site.startEarlier(0)
      fillSqlite(join(folder, 'entrada.db'))

      const crowd = startCrowd(t, site.origin, 4)
      const visitors = startVisitors(t, site.origin, crowd)
      await moreSignIn(crowd, 12)
      const migrated = await migrate(site.environment)
      assert.equal(migrated.schemaVersion, knownSchemaVersion)
      site.emulator.signInAutomaticallyAs(people.bob)
      await moreSignIn(crowd, 12)
      await endWell(site.origin, crowd, visitors)
      await site.replace(0)
      await checkSessions(site.origin, crowd)
      const later = startCrowd(t, site.origin, 4)
      await moreSignIn(later, 8)
      await later.stop()
      assert.deepEqual(later.failed(), [])
      const users = countUsers(join(folder, 'entrada.db'))
      assert.equal(users, OLD_USERS + 2, 'the newcomer is one user to both programs')
      await verifyTrail(site.environment, crowd)
    })
  })
}

/** Servers behind a balancer, which are of the earlier release until they are replaced. */
async function openSite(
  t: TestContext,
  release: EarlierRelease,
  { shared, servers }: { readonly shared: Environment; readonly servers: number },
) {
  const balancerPort = await freePort()
  const origin = `http://localhost:${balancerPort}`
  const { emulator, environment: entra } = await startEntra(t, origin)
  const environment: Environment = { ...entra, ...shared }
  const program = await unpackRelease(t, release)
  const ports = await Promise.all(Array.from({ length: servers }, freePort))
  const running = new Map<number, Awaited<ReturnType<typeof startServer>>>()
  await startBalancer(t, balancerPort, ports)

  async function start(place: number, given: { readonly program?: string }): Promise<void> {
    const listen = { ENTRADA_LISTEN: `127.0.0.1:${ports[place]}` }
    const server = await startServer(t, 'serve', {
      ...given,
      environment: { ...environment, ...listen },
    })
    await server.printed(/"event":"started"/)
    running.set(place, server)
  }
  return {
    origin,
    emulator,
    environment,
    startEarlier: (place: number) => start(place, { program }),
    async replace(place: number): Promise<void> {
      const earlier = running.get(place)
      earlier?.kill('SIGTERM')
      assert.equal(await earlier?.ended, 0, earlier?.output())
      await start(place, {})
    },
  }
}

/** People who are signed in and look at a page again and again. */
function startVisitors(t: TestContext, origin: string, crowd: Crowd) {
  const lost: number[] = []
  let visits = 0
  let goOn = true
  const visiting = (async () => {
    while (goOn) {
      for (const { browser } of crowd.lastSignedIn().slice(-5)) {
        const response = await browser.request(`${origin}/api/v1/session`)
        await response.body?.cancel()
        visits += 1
        if (response.status !== 200) lost.push(response.status)
      }
      await sleep(20)
    }
  })()
  const stop = async () => {
    goOn = false
    await visiting
  }
  t.after(stop)
  return { stop, lost: () => lost, visits: () => visits }
}

/** Until so many more have signed in, or the first is refused. */
async function moreSignIn(crowd: Crowd, count: number): Promise<void> {
  const wanted = crowd.signedIn().length + count
  while (crowd.signedIn().length < wanted) {
    assert.deepEqual(crowd.failed(), [])
    await sleep(10)
  }
}

async function endWell(
  origin: string,
  crowd: Crowd,
  visitors: ReturnType<typeof startVisitors>,
): Promise<void> {
  await untilVisited(visitors)
  await crowd.stop()
  await visitors.stop()
  assert.deepEqual(crowd.failed(), [])
  assert.deepEqual(visitors.lost(), [])
  await checkSessions(origin, crowd)
}

/** Nothing is shown by a site that hardly had a visitor: on a fast machine the upgrade is over before they have come. */
async function untilVisited(visitors: ReturnType<typeof startVisitors>): Promise<void> {
  for (let left = 200; visitors.visits() <= 20; left -= 1) {
    assert.ok(left > 0, `only ${visitors.visits()} visits`)
    await sleep(50)
  }
}

async function checkSessions(origin: string, crowd: Crowd): Promise<void> {
  const answers = new Set<string>()
  for (const { browser } of crowd.lastSignedIn()) {
    const response = await browser.request(`${origin}/api/v1/session`)
    answers.add(`${response.status} ${response.status === 200 ? '' : await response.text()}`)
  }
  assert.deepEqual([...answers], ['200 '])
}

/** `entrada migrate` of the present program, in a process of its own. */
async function migrate(environment: Environment) {
  const { status, output } = await runProgram(['migrate', '--json'], environment)
  assert.equal(status, 0, output)
  return JSON.parse(output) as { readonly schemaVersion: number; readonly oldestProgram: number }
}

/** Every event of before, of the earlier program on the new schema, and of the new one is in the chain. */
async function verifyTrail(environment: Environment, crowd: Crowd): Promise<void> {
  // Some may be linked behind the back of the first look that finds none waiting.
  for (let looks = 2; looks > 0; ) {
    const { status, output } = await runProgram(['audit', 'verify', '--json'], environment)
    assert.equal(status, 0, output)
    const { links, waiting } = JSON.parse(output) as { links: number; waiting: number }
    if (waiting === 0) looks -= 1
    if (looks === 0) assert.ok(links >= OLD_EVENTS + crowd.signedIn().length)
  }
}

async function runProgram(argv: readonly string[], environment: Environment) {
  const env = { PATH: process.env.PATH, ...environment }
  const child = spawn(process.execPath, [resolve('src/bin.ts'), ...argv], { env })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text
    })
  }
  const [status] = await once(child, 'close')
  return { status: status as number | null, output }
}

/** In the words of the first schema, which every later one still understands. */
const pastOnPostgres = [
  `insert into users (id, status, created_at, updated_at)
   select 'usr_old_' || n, 'active', n, n from generate_series(1, ${OLD_USERS}) as n`,
  `insert into memberships (id, user_id, organization_id, username, username_key, profile, search_text, status, created_at)
   select 'mem_old_' || n, 'usr_old_' || n, 'default', 'old-' || n, 'old-' || n, '{}', 'old-' || n, 'active', n
   from generate_series(1, ${OLD_USERS}) as n`,
  `insert into audit_events (id, at, type, actor_kind, user_id, detail)
   select 'evt_old_' || n, n, 'user.enabled', 'system', 'usr_old_' || n, '{"n":' || n || '}'
   from generate_series(1, ${OLD_EVENTS}) as n`,
]

function fillSqlite(path: string): void {
  const { handle } = openSqliteConnection(path)
  const numbers = (last: number) =>
    `with recursive numbers(n) as (select 1 union all select n + 1 from numbers where n < ${last})`
  const past = [
    `${numbers(OLD_USERS)} insert into users (id, status, created_at, updated_at)
     select 'usr_old_' || n, 'active', n, n from numbers`,
    `${numbers(OLD_EVENTS)} insert into audit_events (id, at, type, actor_kind, user_id, detail)
     select 'evt_old_' || n, n, 'user.enabled', 'system', 'usr_old_' || n, '{"n":' || n || '}' from numbers`,
  ]
  // The server writes too, at its start.
  handle.exec('pragma busy_timeout = 5000')
  for (const statement of past) handle.exec(statement)
  handle.close()
}

function countUsers(path: string): number {
  const { handle } = openSqliteConnection(path)
  const [row] = handle.prepare('select count(*) as count from users').all()
  handle.close()
  return Number(row?.count)
}
