import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, it, type TestContext } from 'node:test'
import pg from 'pg'
import { startPostgres, type TestPostgres } from '../../test/support/postgres.ts'
import type { CompiledPlan, Statement } from './compiled-plan.ts'
import { newPoolState } from './postgres-pool.ts'
import { createPostgresTurns } from './postgres-turns.ts'
import { lockNumber } from './transaction-locks.ts'

let postgres: TestPostgres
let url = ''
before(async () => {
  postgres = await startPostgres()
})
after(() => postgres.close())
beforeEach(async () => {
  url = await postgres.createDatabase()
  await postgres.run(url, 'create table things (id text primary key, mark text, size bigint)')
  await postgres.run(url, "insert into things values ('a', 'first', 1)")
})

const markOf = (id: string): Statement => ({
  sql: 'select mark from things where id = $1',
  parameters: [id],
})
const insert = (id: string): Statement => ({
  sql: 'insert into things (id, mark, size) values ($1, $2, $3)',
  parameters: [id, 'new', 2],
})
const plan = (parts: Partial<CompiledPlan>): CompiledPlan => ({
  locks: [],
  conditions: [],
  writes: [],
  ...parts,
})
const ids = async () =>
  (await postgres.run(url, 'select id from things order by id')).map(({ id }) => id)

describe('runTogether', () => {
  it('returns the rows and the changed rows of each statement, in order', async (t) => {
    const { turns } = openTurns(t)
    const run = () =>
      turns.runTogether([
        { sql: 'update things set size = size + $1', parameters: [1] },
        { sql: 'select id, mark, size from things where id = $1', parameters: ['a'] },
        { sql: 'select id from things where id = $1', parameters: ['absent'] },
      ])
    const rows = (size: number) => [
      { rows: [], changedRows: 1 },
      { rows: [{ id: 'a', mark: 'first', size }], changedRows: 0 },
      { rows: [], changedRows: 0 },
    ]
    assert.deepEqual(await run(), rows(2))
    // Now each statement is prepared.
    assert.deepEqual(await run(), rows(3))
  })

  it('sends one message, whatever the number of statements', async (t) => {
    const { turns, written } = openTurns(t)
    await turns.runTogether([markOf('a')])
    const before = written()
    await turns.runTogether([markOf('a'), markOf('b'), markOf('c'), markOf('d')])
    assert.equal(written() - before, 1)
  })

  it('works again on the same connection after a statement was refused', async (t) => {
    const { turns } = openTurns(t)
    const fresh = { sql: 'select size as fresh from things where id = $1', parameters: ['a'] }
    for (let round = 1; round <= 3; round += 1) {
      await assert.rejects(turns.runTogether([markOf('a'), insert('a'), fresh]), { code: '23505' })
      const [found] = await turns.runTogether([fresh])
      assert.deepEqual(found?.rows, [{ fresh: 1 }])
    }
  })

  it('replaces half a surrogate and NUL like every other statement', async (t) => {
    const { turns } = openTurns(t)
    const [found] = await turns.runTogether([
      { sql: 'select $1::text as value', parameters: ['a\0b'] },
    ])
    assert.deepEqual(found?.rows, [{ value: 'a\ufffdb' }])
  })

  it('reads again on a new connection after the old one was cut', async (t) => {
    const { turns } = openTurns(t)
    for (let round = 1; round <= 3; round += 1) {
      await Promise.all([1, 2].map(() => turns.runTogether([markOf('a')])))
      assert.ok((await postgres.cutConnections(url)) > 0)
      const [found] = await turns.runTogether([markOf('a')])
      assert.equal(found?.rows.length, 1)
    }
  })
})

describe('writePlan', () => {
  it('writes if the conditions hold', async (t) => {
    const { turns } = openTurns(t)
    const conditions = [
      { statement: markOf('a'), mark: 'first' },
      { statement: markOf('absent'), mark: null },
    ]
    assert.equal(await turns.writePlan(plan({ conditions, writes: [insert('b')] })), 'written')
    assert.deepEqual(await ids(), ['a', 'b'])
  })

  it('writes nothing, and says to read again, if a condition does not hold or a row exists', async (t) => {
    const { turns } = openTurns(t)
    const cases = [
      plan({ conditions: [{ statement: markOf('a'), mark: 'second' }], writes: [insert('b')] }),
      plan({ conditions: [{ statement: markOf('a'), mark: null }], writes: [insert('b')] }),
      plan({ conditions: [{ statement: markOf('c'), mark: 'new' }], writes: [insert('b')] }),
      plan({ writes: [insert('b'), insert('a'), insert('c')] }),
    ]
    for (const each of cases) assert.equal(await turns.writePlan(each), 'read_again')
    assert.deepEqual(await ids(), ['a'])
  })

  it('reports a fault of a statement, and no division by zero outside a condition as one', async (t) => {
    const { turns } = openTurns(t)
    const wrong = { sql: 'select 1 / (size - $1) from things', parameters: [1] }
    const writes = [insert('b'), wrong]
    await assert.rejects(turns.writePlan(plan({ writes })), { code: '22012' })
    assert.deepEqual(await ids(), ['a'])
  })

  it('shares its locks with other plans, and waits for a transaction that holds one alone', async (t) => {
    const { turns } = openTurns(t)
    const sharer = await openTransaction(t, 'pg_advisory_xact_lock_shared')
    const shared = plan({ locks: [{ key: 'org_1', alone: false }], writes: [insert('b')] })
    assert.equal(await turns.writePlan(shared), 'written')
    await sharer.query('commit')

    const holder = await openTransaction(t, 'pg_advisory_xact_lock')
    const waiting = turns.writePlan({ ...shared, writes: [insert('c')] })
    await untilSomebodyWaits()
    await turns.writePlan(plan({ locks: [{ key: 'org_2', alone: true }], writes: [insert('d')] }))
    assert.deepEqual(await ids(), ['a', 'b', 'd'])
    await holder.query('commit')
    assert.equal(await waiting, 'written')
  })

  it('decides after it has its locks: its conditions see what the holder committed', async (t) => {
    const { turns } = openTurns(t)
    const holder = await openTransaction(t, 'pg_advisory_xact_lock')
    const waiting = turns.writePlan(
      plan({
        locks: [{ key: 'org_1', alone: false }],
        conditions: [{ statement: markOf('a'), mark: 'first' }],
        writes: [insert('b')],
      }),
    )
    await untilSomebodyWaits()
    await holder.query("update things set mark = 'second'; commit")
    assert.equal(await waiting, 'read_again')
    assert.deepEqual(await ids(), ['a'])
  })

  it('writes on a new connection if the server ended the old one before the plan came', async (t) => {
    const { turns } = openTurns(t)
    for (let round = 1; round <= 3; round += 1) {
      await turns.writePlan(plan({ writes: [insert(`before-${round}`)] }))
      await postgres.cutConnections(url)
      const written = await turns.writePlan(plan({ writes: [insert(`after-${round}`)] }))
      assert.equal(written, 'written')
    }
  })

  it('never runs a plan again whose connection broke: the outcome is unknown', async (t) => {
    const { turns, breakNext } = openTurns(t)
    await turns.writePlan(plan({ writes: [insert('b')] }))
    breakNext()
    const write = turns.writePlan(plan({ writes: [insert('c')] }))
    await assert.rejects(write, { code: 'storage_unavailable' })
  })
})

/** A transaction that has taken the lock of `org_1`. */
async function openTransaction(t: TestContext, take: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  t.after(() => client.end())
  await client.query(`begin; select ${take}(${lockNumber('org_1')})`)
  return client
}

async function untilSomebodyWaits(): Promise<void> {
  for (;;) {
    const waiting = await postgres.run(url, 'select 1 from pg_locks where not granted')
    if (waiting.length > 0) return
  }
}

/** With a pool of its own, to count what it writes to its connections and to break them. */
function openTurns(t: TestContext) {
  let writes = 0
  let breaks = false
  const pool = new pg.Pool({ connectionString: url, max: 2 })
  pool.on('error', () => {})
  pool.on('connect', (client) => {
    client.on('error', () => {})
    const { stream } = client.connection
    const uncork = stream.uncork.bind(stream)
    stream.uncork = () => {
      writes += 1
      uncork()
      if (breaks) setImmediate(() => stream.destroy())
    }
  })
  t.after(() => pool.end())
  const { utils } = pg as unknown as { readonly utils: { prepareValue(value: unknown): string } }
  const turns = createPostgresTurns({
    statements: pool,
    transactions: pool,
    state: newPoolState(2_500),
    conversions: {
      toParameter: utils.prepareValue,
      getTypeParser: (dataType) => (dataType === 20 ? Number : String),
    },
  })
  return {
    turns,
    written: () => writes,
    breakNext() {
      breaks = true
    },
  }
}
