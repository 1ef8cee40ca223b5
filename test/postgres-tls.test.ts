/** The way to PostgreSQL over TLS: the authority and the name of the server are checked, whatever the mode is called. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { newSecretKey } from '../src/keys/key-ring.ts'
import { type Authority, createAuthority } from './support/certificate-authority.ts'
import { startPostgres, type TestPostgres } from './support/postgres.ts'
import { OPERATOR_TOKEN, people } from './support/rig.ts'
import { openRig } from './support/steps.ts'
import { run } from './support/transcript.ts'

const closers: (() => unknown)[] = []
const owner = { after: (close: () => unknown) => void closers.unshift(close) }
let ours: Authority
let postgres: TestPostgres
let elsewhere: TestPostgres
let plain: TestPostgres

before(async () => {
  ours = await createAuthority(owner)
  postgres = await startPostgres({ tls: ours.issue('localhost') })
  elsewhere = await startPostgres({ tls: ours.issue('db.example.com') })
  plain = await startPostgres()
  for (const server of [postgres, elsewhere, plain]) owner.after(() => server.close())
})
after(async () => {
  for (const close of closers) await close()
})

async function migrate(url: URL) {
  const { exitCode, lines } = await run(['migrate'], {
    ENTRADA_DATABASE_URL: url.href,
    ENTRADA_SECRET_KEYS: newSecretKey(),
    ENTRADA_OPERATOR_TOKEN: OPERATOR_TOKEN,
  })
  return { exitCode, text: lines.join('\n') }
}

/** At `localhost`, which is the name in the certificate. */
async function urlOf(server: TestPostgres, query: Readonly<Record<string, string>>): Promise<URL> {
  const url = new URL(await server.createDatabase())
  url.hostname = 'localhost'
  url.search = new URLSearchParams(query).toString()
  return url
}

describe('PostgreSQL over TLS', () => {
  it('is taken with an authority of our own, and people sign in over it', async (t) => {
    const url = await urlOf(postgres, { sslmode: 'verify-full', sslrootcert: ours.file })
    assert.equal((await migrate(url)).exitCode, 0)
    const rig = await openRig(t, { database: url.href })
    assert.equal((await rig.signIn(people.alice)).response.status, 200)
    const connections = await postgres.run(
      url.pathname.slice(1),
      `select ssl from pg_stat_activity join pg_stat_ssl using (pid) where application_name = 'entrada' and datname = current_database()`,
    )
    assert.ok(connections.length > 0)
    assert.ok(connections.every(({ ssl }) => ssl === true))
  })

  it('is refused when another authority issued the certificate, whatever the mode but no-verify', async () => {
    const stranger = await createAuthority(owner)
    for (const sslmode of ['require', 'verify-ca', 'verify-full']) {
      for (const sslrootcert of [stranger.file, '']) {
        const query = { sslmode, ...(sslrootcert ? { sslrootcert } : {}) }
        const { exitCode, text } = await migrate(await urlOf(postgres, query))
        assert.equal(exitCode, 1, sslmode)
        assert.match(
          text,
          /storage_unavailable[\s\S]*(SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_VERIFY_LEAF_SIGNATURE|UNABLE_TO_GET_ISSUER_CERT_LOCALLY)/,
        )
        assert.doesNotMatch(text, /only-for-tests/)
      }
    }
    assert.equal((await migrate(await urlOf(postgres, { sslmode: 'no-verify' }))).exitCode, 0)
  })

  it('is refused when the certificate names another server', async () => {
    const query = { sslmode: 'verify-full', sslrootcert: ours.file }
    const { exitCode, text } = await migrate(await urlOf(elsewhere, query))
    assert.equal(exitCode, 1)
    assert.match(text, /storage_unavailable[\s\S]*ERR_TLS_CERT_ALTNAME_INVALID/)
  })

  it('is refused when the server has no TLS: nothing is sent in the clear', async () => {
    const query = { sslmode: 'verify-full', sslrootcert: ours.file }
    const { exitCode, text } = await migrate(await urlOf(plain, query))
    assert.equal(exitCode, 1)
    assert.match(text, /storage_unavailable[\s\S]*does not support SSL/)
  })

  it('is refused when the file of the authority is not there', async () => {
    const query = { sslmode: 'verify-full', sslrootcert: '/nowhere/ca.pem' }
    const { exitCode, text } = await migrate(await urlOf(postgres, query))
    assert.equal(exitCode, 1)
    assert.match(text, /ENOENT/)
  })
})
