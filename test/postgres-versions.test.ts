/** The PostgreSQL that this system installs, which is another version than the one of the other tests. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { storageConformance } from '../src/storage/conformance.ts'
import { openedOn, openForConformance } from './support/opened-storage.ts'
import { startPostgres, type TestPostgres } from './support/postgres.ts'
import { findPostgresTools } from './support/postgres-tools.ts'

let postgres: TestPostgres
let template = ''

before(async () => {
  const binaries = findPostgresTools()
  assert.ok(binaries, 'no PostgreSQL here; run scripts/ensure-postgres.ts')
  postgres = await startPostgres({ binaries })
  template = await postgres.createDatabase()
  await (await openForConformance(template)).close()
})
after(() => postgres.close())

describe('the PostgreSQL of this system', () => {
  it('is one that Entrada supports', async () => {
    const [row] = await postgres.run(
      'postgres',
      "select current_setting('server_version_num')::int as n",
    )
    assert.ok(Number(row?.n) >= 150_000, String(row?.n))
  })
})

storageConformance('the PostgreSQL of this system', async () =>
  openedOn(await postgres.createDatabase(template)),
)
