import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { Environment } from '../src/config.ts'
import { newSecretKey } from '../src/key-ring.ts'
import { examineWith } from './support/examined.ts'
import { startPostgres, type TestPostgres } from './support/postgres.ts'
import { OPERATOR_TOKEN } from './support/rig.ts'
import { run } from './support/transcript.ts'

let server: TestPostgres
before(async () => {
  server = await startPostgres()
})
after(() => server.close())

describe('what the doctor finds about PostgreSQL', () => {
  const settings = (url: string): Environment => ({
    ENTRADA_DATABASE_URL: url,
    ENTRADA_SECRET_KEYS: newSecretKey(),
    ENTRADA_OPERATOR_TOKEN: OPERATOR_TOKEN,
  })

  it('that it is empty, which it leaves it, and then that it fits', async () => {
    const environment = settings(await server.createDatabase())
    for (const _ of ['once', 'and again']) {
      const empty = await examineWith(environment, '--only', 'database')
      assert.equal(empty.find('database_absent').severity, 'info')
    }
    assert.equal((await run(['migrate'], environment)).exitCode, 0)
    const { exitCode, troubles, find } = await examineWith(environment, '--only', 'database')
    assert.deepEqual([exitCode, troubles], [0, []])
    assert.match(find('database_fits').what, /127\.0\.0\.1:\d+\/\w+, schema \d+, PostgreSQL 1\d/)
  })

  it('that it is read-only, as a standby is', async () => {
    const url = await server.createDatabase()
    const environment = settings(url)
    await run(['migrate'], environment)
    const name = new URL(url).pathname.slice(1)
    await server.run(url, `alter database "${name}" set default_transaction_read_only = on`)
    const { exitCode, find } = await examineWith(environment, '--only', 'database')
    assert.equal(exitCode, 1)
    assert.match(find('database_read_only').what, /\(25006\)/)
  })

  it('a password that is wrong, without repeating it', async () => {
    const url = new URL(await server.createDatabase())
    url.password = 'a-wrong-password'
    const { find, text } = await examineWith(settings(url.href), '--only', 'database')
    assert.match(find('database_unreachable').what, /\(28P01\)/)
    assert.doesNotMatch(text, /a-wrong-password/)
  })
})
