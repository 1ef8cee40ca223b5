/** PostgreSQL behind PgBouncer in transaction mode, where each transaction has another connection. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { storageConformance } from '../src/storage/conformance.ts'
import { newUser } from '../src/storage/conformance-samples.ts'
import { openedOn, openForConformance } from './support/opened-storage.ts'
import { startPgBouncer } from './support/pgbouncer.ts'
import { startPostgres, type TestPostgres } from './support/postgres.ts'

let postgres: TestPostgres
let template = ''
let through: (url: string) => string
const stops: (() => Promise<void> | void)[] = []

before(async () => {
  postgres = await startPostgres()
  template = await postgres.createDatabase()
  await (await openForConformance(template)).close()
  const owner = { after: (stop: () => Promise<void> | void) => stops.push(stop) }
  through = await startPgBouncer(owner as never, postgres, ['ignore_startup_parameters = options'])
})
after(async () => {
  for (const stop of stops.reverse()) await stop()
  await postgres.close()
})

storageConformance('PostgreSQL behind PgBouncer', async () => {
  const url = through(await postgres.createDatabase(template))
  // PgBouncer keeps its connections, and each test has a database of its own.
  return openedOn(url, () => postgres.cutConnections(url))
})

describe('openPostgres behind PgBouncer', () => {
  it('creates a database, whether PgBouncer drops our settings or refuses them', async (t) => {
    const refusing = await startPgBouncer(t, postgres)
    for (const way of [through, refusing]) {
      const storage = await openForConformance(way(await postgres.createDatabase()))
      t.after(() => storage.close())
      assert.ok(storage.migrated.length > 0)
      await storage.checkReady()
    }
  })

  it('waits for the disk in a transaction, at read committed and with time limits, whatever the role has', async (t) => {
    const url = await postgres.createDatabase(template)
    const name = new URL(url).pathname.slice(1)
    await postgres.run(
      'postgres',
      `alter database ${name} set default_transaction_isolation = 'serializable'`,
    )
    await postgres.run(
      url,
      `create table seen (setting text);
      create function note() returns trigger language plpgsql as $$ begin
        insert into seen values (concat_ws(' ', current_setting('synchronous_commit'),
          current_setting('transaction_isolation'), current_setting('lock_timeout')));
        return null;
      end $$;
      create trigger note after insert on users for each row execute function note()`,
    )
    const storage = await openForConformance(through(url))
    t.after(() => storage.close())
    await storage.atomically((transaction) => transaction.createUser(newUser(1)))
    assert.deepEqual(await postgres.run(url, 'select setting from seen'), [
      { setting: 'on read committed 2s' },
    ])
  })
})
