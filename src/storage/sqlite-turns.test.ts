import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, it } from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { sql } from 'kysely'
import { openTurns } from '../../test/support/sqlite-turns.ts'
import type { CompiledPlan, Statement } from './compiled-plan.ts'
import { openSqliteConnection } from './sqlite.ts'

const schema = `
  create table rows (sequence integer primary key autoincrement, name text not null unique, size integer not null);
  create table connections (id text primary key);`

describe('turns on SQLite', () => {
  let folder = ''
  let path = ''
  let opened: ReturnType<typeof openTurns>
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'entrada-turns-'))
    path = join(folder, 'turns.db')
    opened = openTurns(path)
    opened.handle.exec(`pragma journal_mode = wal; ${schema}`)
  })
  afterEach(async () => {
    opened.close()
    await rm(folder, { recursive: true })
  })

  function names(): readonly unknown[] {
    const rows = opened.handle.prepare('select name from rows order by sequence').all()
    return rows.map((row) => (row as { readonly name: string }).name)
  }

  describe('writePlan', () => {
    it('commits plans of one turn of the event loop together', async () => {
      const { turns, control } = opened
      const plans = ['a', 'b', 'c'].map((name) => turns.writePlan(plan(add(name))))
      const small = turns.runTogether([add('d')])
      assert.deepEqual(await Promise.all(plans), ['written', 'written', 'written'])
      await small
      assert.deepEqual(control.splice(0), ['begin immediate', 'commit'])
      await turns.writePlan(plan(add('e')))
      assert.deepEqual(control, ['begin immediate', 'commit'])
      assert.deepEqual(names(), ['a', 'b', 'c', 'd', 'e'])
    })

    it('answers only after the commit', async () => {
      const { turns, control } = opened
      const answers = ['a', 'b'].map((name) =>
        turns.writePlan(plan(add(name))).then(() => control.includes('commit')),
      )
      assert.deepEqual(await Promise.all(answers), [true, true])
    })

    it('waits a little after a commit, so that plans of several turns of the event loop share the next', async () => {
      const { turns, control } = opened
      await turns.writePlan(plan(add('a')))
      control.length = 0
      const second = turns.writePlan(plan(add('b')))
      for (let turn = 0; turn < 3; turn += 1) await nextTurn()
      await Promise.all([second, turns.writePlan(plan(add('c')))])
      assert.deepEqual(control, ['begin immediate', 'commit'])
    })

    it('does not wait where the last commit was long ago', async () => {
      const { turns, control, clock } = opened
      await turns.writePlan(plan(add('a')))
      control.length = 0
      clock.ms += 1_000
      const second = turns.writePlan(plan(add('b')))
      for (let turn = 0; turn < 3; turn += 1) await nextTurn()
      assert.deepEqual(control, ['begin immediate', 'commit'])
      assert.equal(await second, 'written')
    })

    it('puts what is too much for one commit into the next', async () => {
      const { turns, control } = opened
      const many = Array.from({ length: 70 }, (_, n) => `row ${n}`)
      await Promise.all(many.map((name) => turns.writePlan(plan(add(name)))))
      assert.ok(control.filter((text) => text === 'commit').length >= 3)
      assert.deepEqual(names(), many)
    })

    it('fails alone, and leaves nothing of itself', async () => {
      const { turns } = opened
      const results = await Promise.allSettled([
        turns.writePlan(plan(add('a'))),
        turns.writePlan(plan(add('half'), add('broken', null))),
        turns.writePlan(plan(add('broken', null))),
        turns.writePlan(plan({ sql: 'insert into nowhere values (1)', parameters: [] })),
        turns.writePlan(plan(add('b'), add('c'))),
      ])
      const outcomes = results.map((result) => ('value' in result ? result.value : 'rejected'))
      assert.deepEqual(outcomes, ['written', 'rejected', 'rejected', 'rejected', 'written'])
      assert.deepEqual(names(), ['a', 'b', 'c'])
    })

    it('returns read_again when a mark has changed, and writes nothing', async () => {
      const { turns } = opened
      const there = { sql: 'select size as mark from rows where name = ?', parameters: ['a'] }
      const absent = { statement: there, mark: null }
      const present = { statement: there, mark: '7' }
      const write = (name: string, condition: CompiledPlan['conditions'][number]) =>
        turns.writePlan({ locks: [], conditions: [condition], writes: [add(name, 7)] })

      const outcomes = [write('b', present), write('a', absent), write('c', absent)]
      assert.deepEqual(await Promise.all(outcomes), ['read_again', 'written', 'read_again'])
      assert.equal(await write('d', present), 'written')
      assert.deepEqual(names(), ['a', 'd'])
    })

    it('returns read_again when a row exists already, and writes nothing', async () => {
      const { turns, control } = opened
      const outcomes = [
        turns.writePlan(plan(add('a'))),
        turns.writePlan(plan(add('a'))),
        turns.writePlan(plan(add('half'), add('a'))),
        turns.writePlan(plan(add('b'))),
      ]
      const expected = ['written', 'read_again', 'read_again', 'written']
      assert.deepEqual(await Promise.all(outcomes), expected)
      assert.deepEqual(names(), ['a', 'b'])
      assert.equal(control.filter((text) => text === 'commit').length, 1)
      assert.equal(await turns.writePlan(plan(add('half'), add('a'))), 'read_again')
      assert.deepEqual(names(), ['a', 'b'])
    })

    it('takes its turn with transactions, in the order of arrival', async () => {
      const { turns, database } = opened
      const { promise: mayEnd, resolve: end } = Promise.withResolvers<void>()
      const first = database.transaction().execute(async (transaction) => {
        await insert('first').execute(transaction)
        await mayEnd
        await insert('first, again').execute(transaction)
      })
      const second = turns.writePlan(plan(add('second')))
      await nextTurn()
      const third = database
        .transaction()
        .execute((transaction) => insert('third').execute(transaction))
      const fourth = turns.writePlan(plan(add('fourth')))
      await nextTurn()
      end()
      await Promise.all([first, second, third, fourth])
      assert.deepEqual(names(), ['first', 'first, again', 'second', 'fourth', 'third'])
    })

    it('waits while another process holds the lock, without stopping the event loop', async () => {
      const { turns } = opened
      const other = openSqliteConnection(path)
      other.handle.exec('begin immediate')
      // The lock is given back by this event loop, and far before the turns would give up.
      setTimeout(() => other.handle.exec('rollback'), 300)
      const plans = ['a', 'b'].map((name) => turns.writePlan(plan(add(name))))
      const small = turns.runTogether([add('c')])
      const [read] = await turns.runTogether([{ sql: 'select 1 as one', parameters: [] }])
      assert.deepEqual({ ...read?.rows[0] }, { one: 1 })
      assert.deepEqual(names(), [])
      assert.deepEqual(await Promise.all(plans), ['written', 'written'])
      await small
      other.handle.close()
    })

    it('rejects all of a commit while another process does not give the lock back (H18)', async () => {
      const { turns } = opened
      const other = openSqliteConnection(path)
      other.handle.exec('begin immediate')
      const plans = ['a', 'b'].map((name) => turns.writePlan(plan(add(name))))
      for (const result of await Promise.allSettled(plans)) {
        assert.equal(result.status === 'rejected' && result.reason.code, 'storage_unavailable')
      }
      other.handle.exec('rollback')
      other.handle.close()
      assert.equal(await turns.writePlan(plan(add('c'))), 'written')
      assert.deepEqual(names(), ['c'])
    })

    it('rejects when the disk is full, and writes again when there is room (H19)', async () => {
      const { turns, handle } = opened
      handle.exec('pragma max_page_count = 20')
      const big = {
        sql: 'insert into rows (name, size) values (?, 1)',
        parameters: ['x'.repeat(200_000)],
      }
      await assert.rejects(turns.writePlan(plan(add('a'), big)), { code: 'storage_full' })
      assert.deepEqual(names(), [])
      assert.equal(await turns.writePlan(plan(add('b'))), 'written')
    })

    it('is settled before what waits for the queue to finish', async () => {
      const { turns } = opened
      const answered: string[] = []
      const all = ['a', 'b'].map((name) =>
        turns.writePlan(plan(add(name))).then(() => answered.push(name)),
      )
      await turns.finish()
      assert.deepEqual(answered, ['a', 'b'])
      await Promise.all(all)
    })

    it('rejects when the database is closed', async () => {
      const { turns } = opened
      opened.close()
      await assert.rejects(turns.writePlan(plan(add('a'))), { code: 'storage_unavailable' })
      await assert.rejects(turns.runTogether([add('a')]), { code: 'storage_unavailable' })
      await assert.rejects(turns.runTogether([select('a')]), { code: 'storage_unavailable' })
      await turns.finish()
    })

    it('keeps every answered plan of a process that is killed (H20)', async () => {
      const answered: string[] = []
      for (const round of [1, 2, 3]) answered.push(...(await writeUntilKilled(path, round)))
      assert.ok(answered.length > 20, `only ${answered.length} plans`)
      const kept = new Set(names())
      assert.deepEqual(
        answered.filter((name) => !kept.has(name)),
        [],
      )
    })
  })

  describe('runTogether', () => {
    it('returns the results in order, and a read sees the write before it', async () => {
      const { turns } = opened
      const results = await turns.runTogether([add('a', 3), select('a'), add('b'), select('none')])
      const plain = results.map(({ rows, changedRows }) => [
        rows.map((row) => ({ ...row })),
        changedRows,
      ])
      assert.deepEqual(plain, [
        [[], 1],
        [[{ size: 3 }], 0],
        [[], 1],
        [[], 0],
      ])
      const returning = {
        sql: 'update rows set size = 9 where name = ? returning size',
        parameters: ['a'],
      }
      const [updated] = await turns.runTogether([returning])
      assert.equal(updated?.changedRows, 1)
      assert.deepEqual({ ...updated?.rows[0] }, { size: 9 })
    })

    it('lets a statement fail alone', async () => {
      const { turns } = opened
      await turns.runTogether([add('a')])
      const [failing, other] = await Promise.allSettled([
        turns.runTogether([add('b'), add('a'), add('c')]),
        turns.runTogether([add('d')]),
      ])
      assert.equal(failing.status, 'rejected')
      assert.equal(other.status, 'fulfilled')
      assert.deepEqual(names(), ['a', 'b', 'c', 'd'])
    })

    it('does not wait for the disk, but plans and transactions after it do', async () => {
      const { turns, database, handle } = opened
      const level = () => ({ ...(handle.prepare('pragma synchronous').get() as object) })
      await turns.runTogether([add('a')])
      assert.deepEqual(level(), { synchronous: 1 })
      await Promise.all([turns.runTogether([add('b')]), turns.writePlan(plan(add('c')))])
      assert.deepEqual(level(), { synchronous: 2 })
      await turns.runTogether([add('d')])
      await database.transaction().execute(async (transaction) => {
        const { rows } = await sql`pragma synchronous`.execute(transaction)
        assert.deepEqual({ ...(rows[0] as object) }, { synchronous: 2 })
      })
      await turns.runTogether([add('e')])
      await insert('f').execute(database)
      assert.deepEqual(level(), { synchronous: 2 })
    })

    it('in memory does not read rows of an open transaction', async () => {
      const memory = openTurns(':memory:')
      memory.handle.exec(schema)
      const { promise: mayEnd, resolve: end } = Promise.withResolvers<void>()
      const failing = memory.database.transaction().execute(async (transaction) => {
        await insert('a').execute(transaction)
        await mayEnd
        throw new Error('of the work')
      })
      const reading = memory.turns.runTogether([select('a')])
      await nextTurn()
      end()
      await assert.rejects(failing, { message: 'of the work' })
      assert.deepEqual((await reading)[0]?.rows, [])
      memory.close()
    })
  })

  describe('version', () => {
    it('changes when a connection is written, here or in another process', async () => {
      const { turns, database } = opened
      const seen = [turns.version()]
      await sql`insert into connections (id) values ('a')`.execute(database)
      seen.push(turns.version())
      await database.transaction().execute(async (transaction) => {
        await sql`update connections set id = 'b'`.execute(transaction)
        assert.equal(turns.version(), seen.at(-1), 'before the commit')
      })
      seen.push(turns.version())
      await turns.writePlan(
        plan({ sql: `delete from connections where id = ?`, parameters: ['b'] }),
      )
      seen.push(turns.version())
      await runScript(`
        import { DatabaseSync } from 'node:sqlite'
        new DatabaseSync(process.argv[1]).exec("insert into rows (name, size) values ('other', 1)")`)
      seen.push(turns.version())
      assert.equal(new Set(seen).size, seen.length)
    })

    it('stays while only other rows are written here', async () => {
      const { turns, database } = opened
      const before = turns.version()
      await turns.writePlan(plan(add('a')))
      await turns.runTogether([add('b')])
      await database.transaction().execute((transaction) => insert('c').execute(transaction))
      await turns.runTogether([{ sql: 'select * from connections', parameters: [] }])
      assert.equal(turns.version(), before)
    })
  })

  async function runScript(script: string): Promise<void> {
    const child = spawn(process.execPath, ['--input-type=module', '--eval', script, path])
    const [code] = await once(child, 'exit')
    assert.equal(code, 0)
  }
})

function add(name: string, size: number | null = 1): Statement {
  return { sql: 'insert into rows (name, size) values (?, ?)', parameters: [name, size] }
}

function insert(name: string) {
  return sql`insert into rows (name, size) values (${name}, 1)`
}

function select(name: string): Statement {
  return { sql: 'select size from rows where name = ?', parameters: [name] }
}

function plan(...writes: readonly Statement[]): CompiledPlan {
  return { locks: [], conditions: [], writes }
}

/** Prints a name only after its plan was answered. */
const writingScript = `
  import { openSqliteConnection } from ${JSON.stringify(new URL('sqlite.ts', import.meta.url).href)}
  import { createSqliteTurns } from ${JSON.stringify(new URL('sqlite-turns.ts', import.meta.url).href)}
  const [, path, round] = process.argv
  const { access } = openSqliteConnection(path)
  // On this clock each commit comes long after the last one, so none waits.
  let ms = 0
  const milliseconds = () => (ms += 100)
  const turns = createSqliteTurns({ writer: access, reader: access, milliseconds })
  for (let n = 0; ; n += 1) {
    await Promise.all([0, 1, 2].map(async (part) => {
      const name = [round, n, part].join('-')
      const writes = [{ sql: 'insert into rows (name, size) values (?, 1)', parameters: [name] }]
      await turns.writePlan({ locks: [], conditions: [], writes })
      process.stdout.write(name + '\\n')
    }))
  }`

async function writeUntilKilled(path: string, round: number): Promise<readonly string[]> {
  const parameters = ['--input-type=module', '--eval', writingScript, path, String(round)]
  const child = spawn(process.execPath, parameters, { stdio: ['ignore', 'pipe', 'inherit'] })
  let printed = ''
  child.stdout.on('data', (chunk) => {
    // Killed from the first line on, at a different moment in each round.
    if (printed === '') setTimeout(() => child.kill('SIGKILL'), 20 + 13 * round)
    printed += chunk
  })
  await once(child, 'close')
  return printed.split('\n').slice(0, -1)
}
