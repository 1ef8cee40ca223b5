import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { type OpenedStorage, storageConformance } from './conformance.ts'
import { at, createPerson, newAuditEvent, putDefaults } from './conformance-samples.ts'
import { createKyselyStorage } from './kysely-storage.ts'
import { openSqlite, openSqliteConnection } from './sqlite.ts'
import { createSqliteTurns } from './sqlite-turns.ts'
import type { Storage } from './storage.ts'

storageConformance('SQLite file', openTemporary)

describe('openSqlite', () => {
  let folder = ''
  let path = ''
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'entrada-storage-'))
    path = join(folder, 'data', 'entrada.db')
  })
  afterEach(() => rm(folder, { recursive: true }))

  it('refuses a database that was made for another mode', async () => {
    await (await open(path)).close()
    const inProduction = openSqlite({ path, mode: 'production', now: () => at(0) })
    await assert.rejects(inProduction, { code: 'database_mode_mismatch' })
    await (await open(path)).close()
  })

  it('refuses a database that only later programs may run on', async () => {
    await (await open(path)).close()
    alter(path, 'update database_mark set schema_version = 999, oldest_program = 999')
    await assert.rejects(open(path), { code: 'database_too_new' })
  })

  it('opens a newer database that still admits this program, and leaves it as it is', async () => {
    await (await open(path)).close()
    alter(path, 'update database_mark set schema_version = 999')
    alter(path, `insert into kysely_migration values ('0009-later', '2030-01-01')`)
    const storage = await open(path)
    assert.equal((await storage.readMark()).schemaVersion, 999)
    await storage.close()
  })

  it('is not ready any more when a later program has changed the database meanwhile', async () => {
    const storage = await open(path)
    alter(path, 'update database_mark set oldest_program = 999')
    await assert.rejects(storage.checkReady(), { code: 'storage_unavailable' })
    await storage.close()
  })

  it('lets nobody else read the file or look into its folder', async () => {
    const storage = await open(path)
    await putDefaults(storage)
    assert.equal((await stat(dirname(path))).mode & 0o777, 0o700)
    const files = await readdir(dirname(path))
    assert.deepEqual(files.sort(), ['entrada.db', 'entrada.db-shm', 'entrada.db-wal'])
    for (const file of files) {
      assert.equal((await stat(join(dirname(path), file))).mode & 0o777, 0o600, file)
    }
    await storage.close()
  })

  it('rejects with a code when the path cannot be a database', async () => {
    await writeFile(join(folder, 'text'), 'This is no database. '.repeat(100))
    for (const wrong of [join(folder, 'text'), join(folder, 'text', 'below'), folder]) {
      const rejection = { code: 'database_not_opened', detail: { path: wrong } }
      await assert.rejects(open(wrong), rejection, wrong)
    }
  })

  it('works in memory, where nothing is kept', async () => {
    for (const _ of [1, 2]) {
      const storage = await open(':memory:')
      await putDefaults(storage)
      await storage.atomically((transaction) => createPerson(transaction, 1))
      assert.equal((await storage.listUsers({ limit: 9 })).items.length, 1)
      await storage.close()
    }
  })

  it('in memory refuses a read inside a transaction that goes around it', async () => {
    const storage = await open(':memory:')
    const around = storage.atomically(() => storage.findConnection('default'))
    await assert.rejects(around, { message: 'inside atomically: use its transaction' })
    assert.equal(await storage.findConnection('default'), undefined)
    await storage.close()
  })

  it('lets others write while many rows are swept', async () => {
    const storage = await open(path)
    const { handle } = openSqliteConnection(path)
    handle.exec(`with recursive numbers(n) as (select 1 union all select n + 1 from numbers where n < 2500)
      insert into attempt_claims select 'att_' || n, 5 from numbers`)
    handle.close()
    const order: string[] = []
    const sweeping = storage.sweep(at(100), { tracesBefore: at(0) }).then((rows) => {
      order.push(`swept ${rows}`)
    })
    await storage.claimAttempt('att', at(900))
    order.push('claimed')
    await sweeping
    assert.deepEqual(order, ['claimed', 'swept 2500'])
    await storage.close()
  })

  it('answers reads while a transaction is open, without its rows', async () => {
    const storage = await open(path)
    await putDefaults(storage)
    await storage.atomically(async (transaction) => {
      await createPerson(transaction, 1)
      assert.equal(await storage.findUser('usr_0001'), undefined)
    })
    assert.notEqual(await storage.findUser('usr_0001'), undefined)
    await storage.close()
  })

  it('lets several processes open a new file at once', async () => {
    const children = [1, 2, 3, 4].map(() => runScript(openingScript, path))
    const codes = await Promise.all(children.map(async (child) => (await once(child, 'exit'))[0]))
    assert.deepEqual(codes, [0, 0, 0, 0])
    const storage = await open(path)
    await storage.checkReady()
    await storage.close()
  })

  it('keeps every acknowledged write of a process that is killed (H20)', async () => {
    const acknowledged: string[] = []
    for (const round of [1, 2, 3, 4, 5]) acknowledged.push(...(await writeUntilKilled(path, round)))
    assert.ok(acknowledged.length > 20, `only ${acknowledged.length} writes`)

    const storage = await open(path)
    const kept = new Set(await listAllEvents(storage))
    const lost = acknowledged.filter((id) => !kept.has(id))
    assert.deepEqual(lost, [])
    await storage.close()
    const { handle } = openSqliteConnection(path)
    assert.equal(handle.prepare('pragma integrity_check').get()?.integrity_check, 'ok')
    handle.close()
  })

  it('says that the disk is full, keeps nothing of that write, and goes on reading (H19)', async () => {
    await (await open(path)).close()
    const storage = openDirectly(path, { maxPages: 60 })
    const huge = newAuditEvent(1, { detail: { text: 'x'.repeat(1_000_000) } })
    const write = storage.atomically(async (transaction) => {
      await transaction.createUser({ ...user, id: 'usr_small' })
      await transaction.appendAuditEvent(huge, { toOutbox: true })
    })
    await assert.rejects(write, { code: 'storage_full' })
    assert.deepEqual(await storage.listUsers({ limit: 9 }), { items: [] })
    await storage.atomically((transaction) => transaction.createUser(user))
    assert.equal((await storage.listUsers({ limit: 9 })).items.length, 1)
    await storage.close()
  })

  it('is unavailable for writes while another process holds the lock, and fine again later (H18)', async () => {
    const storage = await open(path)
    await putDefaults(storage)
    const other = openSqliteConnection(path)
    other.handle.exec('begin immediate')

    const startedAt = performance.now()
    const claims = [1, 2, 3, 4, 5].map((n) => storage.claimAttempt(`att_${n}`, at(9)))
    assert.notEqual(await storage.findConnection('default'), undefined)
    assert.ok(performance.now() - startedAt < 500, 'reads wait for the lock')
    const results = await Promise.allSettled([...claims, storage.atomically(async () => {})])
    for (const result of results) {
      assert.equal(result.status === 'rejected' && result.reason.code, 'storage_unavailable')
    }
    assert.ok(performance.now() - startedAt < 5_000, 'waits add up')

    other.handle.exec('rollback')
    other.handle.close()
    await storage.claimAttempt('att_1', at(9))
    await storage.close()
  })

  it('ends work that takes too long, keeps nothing of it, and lets the next one write', async () => {
    await (await open(path)).close()
    const storage = openDirectly(path, { workTimeLimitMs: 50 })
    let late: Promise<unknown> = Promise.resolve()
    const endless = storage.atomically(async (transaction) => {
      await transaction.createUser(user)
      late = sleep(100).then(() => transaction.createUser({ ...user, id: 'usr_late' }))
      await late
    })
    await assert.rejects(endless, { code: 'storage_unavailable' })
    await storage.atomically((transaction) => transaction.createUser({ ...user, id: 'usr_2' }))
    await assert.rejects(late, { message: 'this transaction is over' })
    const { items } = await storage.listUsers({ limit: 9 })
    assert.deepEqual(
      items.map((item) => item.user.id),
      ['usr_2'],
    )
    await storage.close()
  })

  it('merges the log into the file every 16 MB', async () => {
    const storage = await open(path)
    const sizes: number[] = []
    for (let n = 0; n < 24; n += 1) {
      const event = newAuditEvent(n, { detail: { text: 'x'.repeat(1_000_000) } })
      await storage.atomically((transaction) =>
        transaction.appendAuditEvent(event, { toOutbox: false }),
      )
      sizes.push((await stat(`${path}-wal`)).size / 1_000_000)
    }
    assert.ok((sizes[11] ?? 0) > 12, 'not merged before')
    assert.ok((sizes[23] ?? 99) < 19, 'merged and used again')
    await storage.close()
  })

  it('waits for a lock that is held for a moment', async () => {
    const storage = await open(path)
    const other = openSqliteConnection(path)
    other.handle.exec('begin immediate')
    setTimeout(() => other.handle.exec('rollback'), 200)
    await storage.atomically((transaction) => transaction.createUser(user))
    await storage.close()
    other.handle.close()
  })
})

const user = { id: 'usr_1', status: 'active', createdAt: at(0), updatedAt: at(0) } as const

function open(path: string): Promise<Storage> {
  return openSqlite({ path, mode: 'development', now: () => at(0) })
}

async function openTemporary(): Promise<OpenedStorage> {
  const folder = await mkdtemp(join(tmpdir(), 'entrada-storage-'))
  const opened: Storage[] = []
  const openAnother = async () => {
    const storage = await open(join(folder, 'entrada.db'))
    opened.push(storage)
    return storage
  }
  const close = async () => {
    for (const storage of opened) await storage.close()
    await rm(folder, { recursive: true })
  }
  return { storage: await openAnother(), openAnother, close }
}

function alter(path: string, statement: string): void {
  const { handle } = openSqliteConnection(path)
  handle.exec(statement)
  handle.close()
}

/** With limits that are reached soon, over one connection. */
function openDirectly(
  path: string,
  { maxPages, workTimeLimitMs }: { readonly maxPages?: number; readonly workTimeLimitMs?: number },
): Storage {
  const { handle, database, access } = openSqliteConnection(path)
  if (maxPages !== undefined) handle.exec(`pragma max_page_count = ${maxPages}`)
  return createKyselyStorage({
    kind: 'sqlite',
    migrated: [],
    reads: database,
    writes: database,
    readsTakeTurns: true,
    turns: createSqliteTurns({ writer: access, reader: access }),
    ...(workTimeLimitMs ? { workTimeLimitMs } : {}),
    runAlone: (work) => database.transaction().execute(work),
    checkWritable: async () => {},
    close: async () => handle.close(),
  })
}

const door = JSON.stringify(new URL('sqlite.ts', import.meta.url).href)
const openingScript = `
  import { openSqlite } from ${door}
  const path = process.argv[1]
  const storage = await openSqlite({ path, mode: 'development', now: () => new Date(0) })
  await storage.checkReady()
  await storage.close()`

/** Prints an id only after its write was acknowledged. */
const writingScript = `
  import { openSqlite } from ${door}
  const [, path, round] = process.argv
  const storage = await openSqlite({ path, mode: 'development', now: () => new Date(0) })
  for (let n = 0; ; n += 1) {
    const event = { id: 'evt_' + round + '-' + n, at: new Date(n), type: 'test', actor: { kind: 'system' }, detail: {} }
    await storage.atomically((transaction) => transaction.appendAuditEvent(event, { toOutbox: true }))
    process.stdout.write(event.id + '\\n')
  }`

function runScript(script: string, ...args: readonly string[]): ChildProcess {
  return spawn(process.execPath, ['--input-type=module', '--eval', script, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
}

async function writeUntilKilled(path: string, round: number): Promise<readonly string[]> {
  const child = runScript(writingScript, path, String(round))
  let printed = ''
  child.stdout?.on('data', (chunk) => {
    // Killed from the first line on, at a different moment in each round.
    if (printed === '') setTimeout(() => child.kill('SIGKILL'), 20 + 13 * round)
    printed += chunk
  })
  await once(child, 'close')
  return printed.split('\n').slice(0, -1)
}

async function listAllEvents(storage: Storage): Promise<readonly string[]> {
  const ids: string[] = []
  let after: string | undefined
  do {
    const page = await storage.listAuditEvents({}, { limit: 200, ...(after && { after }) })
    ids.push(...page.items.map((event) => event.id))
    after = page.next
  } while (after !== undefined)
  return ids
}
