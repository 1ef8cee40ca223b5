import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, it, type TestContext } from 'node:test'
import { startPostgres, type TestPostgres } from '../../test/support/postgres.ts'
import { Secret } from '../keys/secret.ts'
import { type OpenedStorage, storageConformance } from './conformance.ts'
import { at, createPerson, newSession, newUser, putDefaults } from './conformance-samples.ts'
import { migrationNames } from './migrations/migrations.ts'
import { openPostgres } from './postgres.ts'
import type { Storage, StorageTransaction, TransactionScope } from './storage.ts'

const unavailable = { name: 'EntradaError', code: 'storage_unavailable' }
let postgres: TestPostgres
/** Migrated once; each test gets a copy. */
let template = ''

before(async () => {
  postgres = await startPostgres()
  template = await postgres.createDatabase()
  await (await open(template)).close()
})
after(() => postgres.close())

storageConformance('PostgreSQL', openCopy)

describe('openPostgres', () => {
  let url = ''
  beforeEach(async () => {
    url = await postgres.createDatabase(template)
  })

  it('lets several replicas open a new database at once, and one of them makes it', async () => {
    const empty = await postgres.createDatabase()
    const replicas = await Promise.all([1, 2, 3, 4].map(() => open(empty)))
    assert.deepEqual(
      replicas.flatMap(({ migrated }) => migrated),
      migrationNames,
    )
    for (const replica of replicas) {
      await replica.checkReady()
      await replica.close()
    }
  })

  it('refuses a database that was made for another mode', async () => {
    const inProduction = openPostgres({
      url: new Secret(url),
      mode: 'production',
      now: () => at(0),
    })
    await assert.rejects(inProduction, { code: 'database_mode_mismatch' })
  })

  it('refuses a database that only later programs may run on', async () => {
    await postgres.run(url, 'update database_mark set schema_version = 999, oldest_program = 999')
    await assert.rejects(open(url), { code: 'database_too_new' })
  })

  it('refuses a database that holds the tables of something else', async () => {
    const taken = await postgres.createDatabase()
    await postgres.run(taken, 'create table users (id serial)')
    await assert.rejects(open(taken), { code: 'database_not_ours', detail: { tables: ['users'] } })
  })

  it('says in a code why it cannot connect, and never the password', async () => {
    const wrongs = {
      '28P01': url.replace(/:[^:@]+@/, ':wrong-password@'),
      '3D000': url.replace(/entrada_\d+$/, 'entrada_absent'),
      ECONNREFUSED: url.replace(/:\d+\//, ':1/'),
    }
    for (const [reason, wrong] of Object.entries(wrongs)) {
      const opening = open(wrong)
      await assert.rejects(opening, { ...unavailable, detail: { reason } })
      const error = await opening.catch((thrown: unknown) => thrown)
      assert.doesNotMatch(JSON.stringify(error) + String(error), /wrong-password|only-for-tests/)
    }
    await assert.rejects(open(`${url}?sslmode=require`), unavailable)
  })

  it('goes on while a later release that admits it changes the schema, and is not ready once one does not', async (t) => {
    const storage = await openFor(t, url)
    await putDefaults(storage)
    const use = async (n: number) => {
      await storage.atomically(async (transaction) => {
        await createPerson(transaction, n)
        await transaction.createSession(newSession(n))
      })
      assert.notEqual(await storage.findSession(newSession(n).tokenHash, at(1)), undefined)
      assert.notEqual(await storage.findUser(newUser(n).id), undefined)
      await storage.claimAttempt(`att_${n}`, at(900))
    }
    // PostgreSQL plans a prepared statement for good after its fifth use.
    for (let n = 1; n <= 6; n += 1) await use(n)
    for (const table of ['users', 'identities', 'memberships', 'sessions', 'attempt_claims']) {
      await postgres.run(url, `alter table ${table} add column later text default 'x' not null`)
    }
    await postgres.run(url, 'update database_mark set schema_version = 999')
    await use(7)
    await storage.checkReady()
    await (await openFor(t, url)).checkReady()

    await postgres.run(url, 'update database_mark set oldest_program = 999')
    await assert.rejects(storage.checkReady(), unavailable)
  })

  it('works again with the next call after its connections were cut', async (t) => {
    const storage = await openFor(t, url)
    for (let round = 1; round <= 3; round += 1) {
      await Promise.all([
        storage.checkReady(),
        storage.findConnection('x'),
        storage.listConnections({}, { limit: 5 }),
      ])
      assert.ok((await postgres.cutConnections(url)) > 0)
      assert.equal(await storage.findSession('hash', at(0)), undefined)
      await storage.atomically((transaction) => transaction.createUser(newUser(round)))
    }
  })

  it('keeps nothing of a transaction whose connection is cut, and says so', async (t) => {
    const storage = await openFor(t, url)
    const cut = storage.atomically(async (transaction) => {
      await transaction.createUser(newUser(1))
      await postgres.cutConnections(url)
      await transaction.createUser(newUser(2))
    })
    await assert.rejects(cut, unavailable)
    assert.deepEqual(await storage.listUsers({ limit: 9 }), { items: [] })
  })

  it('is unavailable for writes on a server that is read-only, while reads go on', async (t) => {
    const storage = await openFor(t, url)
    const name = new URL(url).pathname.slice(1)
    await postgres.run('postgres', `alter database ${name} set default_transaction_read_only = on`)
    await postgres.cutConnections(url)
    assert.equal(await storage.findConnection('default'), undefined)
    await assert.rejects(storage.claimAttempt('att', at(9)), unavailable)
    const write = storage.atomically((transaction) => transaction.createUser(newUser(1)))
    await assert.rejects(write, { ...unavailable, detail: { reason: '25006' } })
    await assert.rejects(storage.checkReady(), unavailable)
  })

  it('waits for the disk in a transaction, which is never serializable, and not for a claim', async (t) => {
    await postgres.run(
      url,
      `create table seen (setting text);
      create function note() returns trigger language plpgsql as $$ begin
        insert into seen values (concat_ws(' ', tg_table_name, current_setting('synchronous_commit'),
          current_setting('transaction_isolation')));
        return null;
      end $$;
      create trigger note after insert on users for each row execute function note();
      create trigger note after insert on attempt_claims for each row execute function note()`,
    )
    const storage = await openFor(t, `${url}?options=-c%20search_path%3Dpublic`)
    await storage.claimAttempt('att', at(9))
    await storage.atomically((transaction) => transaction.createUser(newUser(1)))
    assert.deepEqual(await postgres.run(url, 'select setting from seen order by 1'), [
      { setting: 'attempt_claims off read committed' },
      { setting: 'users on read committed' },
    ])
  })

  it('sweeps many rows in transactions of a thousand at most', async (t) => {
    const storage = await openFor(t, url)
    await postgres.run(
      url,
      `create table seen (transaction text);
      create function note() returns trigger language plpgsql as $$ begin
        insert into seen values (pg_current_xact_id());
        return old;
      end $$;
      create trigger note before delete on attempt_claims for each row execute function note();
      insert into attempt_claims select 'att_' || n, 5 from generate_series(1, 2500) n`,
    )
    await storage.claimAttempt('young', at(900))
    assert.equal(await storage.sweep(at(100), { tracesBefore: at(0) }), 2500)
    const counts = 'select count(*) as rows from seen group by transaction order by 1'
    assert.deepEqual(
      (await postgres.run(url, counts)).map(({ rows }) => Number(rows)),
      [500, 1000, 1000],
    )
    await assert.rejects(storage.claimAttempt('young', at(900)), { code: 'attempt_already_used' })
  })

  it('makes a change of a user wait for a transaction about the user, and see what that wrote', async (t) => {
    const storage = await openFor(t, url)
    const another = await openFor(t, url)
    await putDefaults(storage)
    await storage.atomically((transaction) => createPerson(transaction, 1))
    const scope = { userId: newUser(1).id } as const
    const disable = async (transaction: StorageTransaction) => {
      await transaction.setUserStatus('usr_0001', 'disabled', at(5))
      return transaction.endSessionsOfUser('usr_0001')
    }
    let disabling: Promise<number> | undefined
    await storage.atomically(
      async (transaction) => {
        const found = await transaction.findUser('usr_0001')
        disabling = another.atomically(disable, { scope })
        await untilSomebodyWaits(url)
        if (found?.user.status === 'active') await transaction.createSession(newSession(1))
      },
      { scope },
    )
    assert.equal(await disabling, 1)
    assert.deepEqual(await storage.listSessions({}, { limit: 9 }, at(0)), { items: [] })
  })

  it('lets transactions of other scopes go on meanwhile, and none beside one of the deployment', async (t) => {
    const storage = await openFor(t, url)
    const another = await openFor(t, url)
    const read = (scope: TransactionScope) =>
      another.atomically((transaction) => transaction.countLive(at(0)), { scope })
    const order: string[] = []
    let later: Promise<unknown> | undefined
    await storage.atomically(
      async () => {
        await read({ userId: 'usr_0001' })
        await read({ organizationId: 'org_2' })
        await read({ userId: 'usr_0002', organizationId: 'org_2' })
        await read('nothing')
        later = read('deployment').then(() => order.push('deployment'))
        await untilSomebodyWaits(url)
        order.push('organization')
      },
      { scope: { organizationId: 'org_1' } },
    )
    await later
    assert.deepEqual(order, ['organization', 'deployment'])
  })

  it('extends the scope of a transaction that learns from a read what it is about', async (t) => {
    const storage = await openFor(t, url)
    const another = await openFor(t, url)
    const scope = { organizationId: 'org_1' } as const
    const order: string[] = []
    let later: Promise<unknown> | undefined
    await storage.atomically(
      async (transaction) => {
        await transaction.lockScope(scope)
        later = another.atomically(async () => order.push('later'), { scope })
        await untilSomebodyWaits(url)
        order.push('first')
      },
      { scope: 'nothing' },
    )
    await later
    assert.deepEqual(order, ['first', 'later'])
  })
})

/** Affects all users of the database server, so it runs alone and last. */
describe('openPostgres, on a server in trouble', () => {
  it('is unavailable while the server is stopped, and works again without a restart of its own (H16)', async (t) => {
    const url = await postgres.createDatabase(template)
    const storage = await openFor(t, url)
    for (const how of ['fast', 'killed'] as const) {
      await storage.checkReady()
      await postgres.stop(how)
      await rejectsEverything(storage)
      await postgres.start()
      await storage.checkReady()
      await storage.claimAttempt(`att_${how}`, at(9))
    }
  })

  it('keeps every acknowledged write of a server that is killed (H20)', async (t) => {
    const url = await postgres.createDatabase(template)
    const storage = await openFor(t, url)
    const acknowledged: string[] = []
    let killed: Promise<void> | undefined
    const write = async (first: number) => {
      for (let n = first; n < first + 500; n += 1) {
        await storage.atomically((transaction) => transaction.createUser(newUser(n)))
        acknowledged.push(newUser(n).id)
        if (acknowledged.length === 60) killed = postgres.stop('killed')
      }
    }
    await Promise.allSettled([1000, 2000, 3000].map(write))
    await killed
    await postgres.start()
    assert.ok(acknowledged.length >= 60)
    for (const id of acknowledged) {
      assert.notEqual(await storage.findUser(id as `usr_${string}`), undefined, id)
    }
  })

  it('gives up on a server that does not answer, all calls of a request together within ten seconds', async (t) => {
    const url = await postgres.createDatabase(template)
    const storage = await openFor(t, url)
    await storage.checkReady()
    const letGoOn = await postgres.hang()
    t.after(letGoOn)
    const startedAt = performance.now()
    await rejectsEverything(storage)
    assert.ok(performance.now() - startedAt < 10_000)
    letGoOn()
    await eventually(() => storage.checkReady())
  })
})

async function rejectsEverything(storage: Storage): Promise<void> {
  await assert.rejects(storage.findSession('hash', at(0)), unavailable)
  await assert.rejects(storage.claimAttempt('att', at(9)), unavailable)
  await assert.rejects(
    storage.atomically((transaction) => transaction.createUser(newUser(1))),
    unavailable,
  )
  await assert.rejects(storage.checkReady(), unavailable)
}

/** For what comes true by itself, a moment later. */
async function eventually(check: () => Promise<void>): Promise<void> {
  const endsAt = performance.now() + 8_000
  for (;;) {
    try {
      return await check()
    } catch (error) {
      if (performance.now() > endsAt) throw error
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
  }
}

async function untilSomebodyWaits(url: string): Promise<void> {
  const inDatabase = `select 1 from pg_locks join pg_database on pg_database.oid = pg_locks.database
    where not granted and datname = '${new URL(url).pathname.slice(1)}'`
  await eventually(async () => {
    assert.equal((await postgres.run('postgres', inDatabase)).length, 1)
  })
}

function open(url: string): Promise<Storage> {
  return openPostgres({ url: new Secret(url), mode: 'development', now: () => at(0) })
}

async function openFor(t: TestContext, url: string): Promise<Storage> {
  const storage = await open(url)
  t.after(() => storage.close())
  return storage
}

async function openCopy(): Promise<OpenedStorage> {
  const url = await postgres.createDatabase(template)
  const opened: Storage[] = []
  const openAnother = async () => {
    const storage = await open(url)
    opened.push(storage)
    return storage
  }
  const close = async () => {
    for (const storage of opened) await storage.close()
  }
  return { storage: await openAnother(), openAnother, close }
}
