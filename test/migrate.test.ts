/** The command line on PostgreSQL, and bringing a database up to date. */
import assert from 'node:assert/strict'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { newSecretKey } from '../src/keys/key-ring.ts'
import { Secret } from '../src/keys/secret.ts'
import { knownSchemaVersion, migrationNames } from '../src/storage/migrations/migrations.ts'
import { startPostgres, type TestPostgres } from './support/postgres.ts'
import { OPERATOR_TOKEN, people } from './support/rig.ts'
import { freePort, temporaryFolder } from './support/server-process.ts'
import { openRig } from './support/steps.ts'
import { run } from './support/transcript.ts'

const secretKey = newSecretKey()
let postgres: TestPostgres
before(async () => {
  postgres = await startPostgres()
})
after(() => postgres.close())

async function onPostgres(database: string): Promise<Record<string, string>> {
  return {
    ENTRADA_SERVER_URL: `http://localhost:${await freePort()}`,
    ENTRADA_DATABASE_URL: database,
    ENTRADA_SECRET_KEYS: secretKey,
    ENTRADA_OPERATOR_TOKEN: OPERATOR_TOKEN,
  }
}

describe('entrada migrate', () => {
  it('says what it ran, and the second time that nothing was left to do', async (t) => {
    const databases = [
      { kind: 'sqlite', environment: { ENTRADA_DATA_DIR: await temporaryFolder(t) } },
      { kind: 'postgres', environment: await onPostgres(await postgres.createDatabase()) },
    ]
    for (const { kind, environment } of databases) {
      const first = await run(['migrate'], environment)
      const schema = `${kind}: schema ${knownSchemaVersion}, admits programs from 1 on`
      assert.deepEqual(first.lines, [...migrationNames.map((name) => `ran ${name}`), schema])
      const second = await run(['migrate', '--json'], environment)
      assert.deepEqual(JSON.parse(second.printed[0] ?? ''), {
        database: kind,
        migrated: [],
        schemaVersion: knownSchemaVersion,
        oldestProgram: 1,
      })
    }
  })

  it('leaves a database alone that a later release has taken further than this program can go', async () => {
    const database = await postgres.createDatabase()
    const environment = await onPostgres(database)
    await run(['migrate'], environment)
    await postgres.run(
      database,
      `update database_mark set schema_version = ${knownSchemaVersion + 1}`,
    )
    assert.equal((await run(['migrate'], environment)).exitCode, 0)
    await postgres.run(
      database,
      `update database_mark set oldest_program = ${knownSchemaVersion + 1}`,
    )
    for (const verb of ['migrate', 'serve']) {
      const refused = await run([verb], environment)
      assert.equal(refused.exitCode, 1)
      assert.match(refused.printedErrors[0] ?? '', /database_too_new/)
    }
  })
})

describe('a deployment on PostgreSQL', () => {
  it('needs a key ring and an operator token of its own, and says both at once', async () => {
    const { exitCode, printedErrors } = await run(['serve'], {
      ENTRADA_DATABASE_URL: 'postgres://localhost/entrada',
    })
    assert.equal(exitCode, 1)
    assert.match(printedErrors[0] ?? '', /settings_invalid/)
    const missing = printedErrors.filter((line) => line.includes('is missing'))
    assert.deepEqual(
      missing.map((line) => line.trim().split(' ')[0]),
      ['ENTRADA_SECRET_KEYS', 'ENTRADA_OPERATOR_TOKEN'],
    )
  })

  it('takes a URL of PostgreSQL that names a database, and repeats none that is wrong', async () => {
    const wrongs = {
      'mysql://user:hush@host/db': /must start with postgres:\/\//,
      'hush hush': /must start with postgres:\/\//,
      'postgres://user:hush@host': /must name a database/,
      'postgres://user:hush@host/db?sslmode=maybe': /unknown sslmode/,
    }
    for (const [url, sentence] of Object.entries(wrongs)) {
      const { lines } = await run(['serve'], { ...(await onPostgres(url)) })
      assert.match(lines.join('\n'), sentence)
      assert.doesNotMatch(lines.join('\n'), /hush/)
    }
  })

  it('is administered by the command line on the database itself, which makes no files', async (t) => {
    const environment = await onPostgres(await postgres.createDatabase())
    const folder = join(await temporaryFolder(t), 'data')
    const rig = await openRig(t, {
      serverUrl: new URL(environment.ENTRADA_SERVER_URL ?? ''),
      database: new Secret(environment.ENTRADA_DATABASE_URL ?? ''),
      secretKeys: [new Secret(secretKey)],
    })
    await rig.signIn(people.alice)
    const administer = (...argv: string[]) =>
      run(argv, { ...environment, ENTRADA_DATA_DIR: folder })

    const list = JSON.parse((await administer('user', 'list', '--json')).printed.join('')) as {
      readonly items: readonly { readonly id: string }[]
    }
    assert.equal(list.items.length, 1)
    const disabled = await administer('user', 'disable', list.items[0]?.id ?? '')
    assert.equal(disabled.exitCode, 0, disabled.lines.join('\n'))
    assert.equal((await rig.signIn(people.alice)).response.status, 403)
    await assert.rejects(readdir(folder), { code: 'ENOENT' })
  })

  it('refuses to start without the key that a secret in it is sealed with', async (t) => {
    const environment = await onPostgres(await postgres.createDatabase())
    const database = environment.ENTRADA_DATABASE_URL ?? ''
    await (await openRig(t, { database })).entrada.close()
    await postgres.run(
      database,
      `update connections set credentials = '[{"id":"c","kind":"client_secret","sealed":"v1.gone.n.c","state":"active","createdAt":0}]'`,
    )
    const { exitCode, lines } = await run(['user', 'list'], environment)
    assert.equal(exitCode, 1)
    assert.match(lines.join('\n'), /secret_key_missing/)
  })
})
