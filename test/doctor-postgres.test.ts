import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { newSecretKey } from '../src/keys/key-ring.ts'
import type { Environment } from '../src/settings/config.ts'
import { examineAs, examineWith } from './support/examined.ts'
import { newCertificate } from './support/https-site.ts'
import { startPgBouncer } from './support/pgbouncer.ts'
import { PASSWORD, startPostgres, type TestPostgres } from './support/postgres.ts'
import { OPERATOR_TOKEN } from './support/rig.ts'
import { run } from './support/transcript.ts'

let server: TestPostgres
before(async () => {
  server = await startPostgres({ durable: true })
})
after(() => server.close())

describe('what the doctor finds about PostgreSQL', () => {
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

  it('an encoding in which not every name can be written', async () => {
    await server.run(
      'postgres',
      "create database entrada_latin encoding 'LATIN1' locale 'C' template template0",
    )
    const environment = settings(addressOf(server, { database: 'entrada_latin' }))
    const { find, exitCode } = await examineWith(environment, '--only', 'database')
    assert.equal(exitCode, 1)
    assert.match(find('database_not_utf8').what, /encoding LATIN1/)
  })

  it('a role that may not make tables, before the first start', async () => {
    const url = await server.createDatabase()
    const role = await createRole(server, url)
    const { find, exitCode } = await examineWith(settings(role.href), '--only', 'database')
    assert.equal(exitCode, 1)
    assert.match(find('database_no_right_to_create').fix ?? '', /grant create on schema public/)
    assert.equal(find('database_absent').severity, 'info')
  })

  it('a role that is a superuser, which is more than it needs', async () => {
    const url = await server.createDatabase()
    const superuser = await examineWith(settings(url), '--only', 'database')
    assert.equal(superuser.find('database_as_superuser').severity, 'info')
    const role = await createRole(server, url)
    const { report } = await examineWith(settings(role.href), '--only', 'database')
    assert.ok(!report.findings.some(({ id }) => id === 'database_as_superuser'))
  })

  it('that it takes no more connections', async () => {
    const url = await server.createDatabase()
    const role = await createRole(server, url)
    await server.run('postgres', `alter role ${role.username} connection limit 0`)
    const { find } = await examineWith(settings(role.href), '--only', 'database')
    assert.match(find('database_connections_exhausted').fix ?? '', /max_connections/)
  })

  it('more connections for one replica than the server has for everybody', async () => {
    const environment = {
      ...settings(await server.createDatabase()),
      ENTRADA_DATABASE_CONNECTIONS: '200',
    }
    const { find } = await examineWith(environment, '--only', 'database')
    assert.match(find('database_connections_few').what, /up to 200 connections, .* has 8\d /)
  })

  it('a clock that is not that of this machine', async () => {
    const url = await server.createDatabase()
    const environment = settings(url)
    const now = () => new Date(Date.now() + 120_000)
    const { find } = await examineAs(environment, { now }, ['database'])
    assert.match(find('database_clock_differs').what, /clock is 1(19|20) s fast/)
  })

  it('a pooler that keeps back settings of the connection', async (t) => {
    const through = await startPgBouncer(t, server)
    const environment = settings(through(await server.createDatabase()))
    const { find } = await examineWith(environment, '--only', 'database')
    assert.match(find('database_behind_pooler').fix ?? '', /pool_mode = transaction/)
  })

  it('that nothing is wrong for a role that owns its database', async () => {
    const url = await server.createDatabase()
    const role = await createRole(server, url)
    await server.run(
      'postgres',
      `alter database ${role.pathname.slice(1)} owner to ${role.username}`,
    )
    const { troubles, exitCode } = await examineWith(settings(role.href), '--only', 'database')
    assert.deepEqual([exitCode, troubles], [0, []])
  })
})

describe('what the doctor finds about PostgreSQL that is set up otherwise', () => {
  it('that it does not wait for its disk', async (t) => {
    const hasty = await startPostgres()
    t.after(() => hasty.close())
    const environment = settings(await hasty.createDatabase())
    const { troubles } = await examineWith(environment, '--only', 'database')
    assert.deepEqual(troubles, ['database_not_durable'])
  })

  it('a certificate that is not trusted, or not checked', async (t) => {
    const { chain, key } = newCertificate('localhost')
    const encrypted = await startPostgres({ durable: true, tls: { certificate: chain, key } })
    t.after(() => encrypted.close())
    const url = new URL(await encrypted.createDatabase())
    url.searchParams.set('sslmode', 'verify-full')
    const untrusted = await examineWith(settings(url.href), '--only', 'database')
    assert.match(untrusted.find('database_certificate_not_trusted').what, /SELF_SIGNED/)
    url.searchParams.set('sslmode', 'no-verify')
    const unchecked = await examineWith(settings(url.href), '--only', 'database')
    assert.deepEqual(unchecked.troubles, ['database_tls_not_checked'])
  })
})

function settings(url: string): Environment {
  return {
    ENTRADA_DATABASE_URL: url,
    ENTRADA_SECRET_KEYS: newSecretKey(),
    ENTRADA_OPERATOR_TOKEN: OPERATOR_TOKEN,
  }
}

function addressOf({ port }: TestPostgres, { database }: { readonly database: string }): string {
  return `postgres://postgres:${PASSWORD}@127.0.0.1:${port}/${database}`
}

let roles = 0
/** A role without rights of its own, as an address. */
async function createRole({ run }: TestPostgres, url: string): Promise<URL> {
  roles += 1
  const address = new URL(url)
  address.username = `role_${roles}`
  await run('postgres', `create role role_${roles} login password '${PASSWORD}'`)
  return address
}
