/** The key ring is lost for good: what only it opens is given up, and everything else is kept. */
import assert from 'node:assert/strict'
import { readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { startHttpServer } from '../src/cli/http-server.ts'
import { sealCredential } from '../src/connections/sealed-credentials.ts'
import { createKeyRing, newSecretKey } from '../src/keys/key-ring.ts'
import { Secret } from '../src/keys/secret.ts'
import { createWebhook } from '../src/webhooks/webhooks.ts'
import { examineWith } from './support/examined.ts'
import { OPERATOR_TOKEN, people, type Rig } from './support/rig.ts'
import { freePort, temporaryFolder } from './support/server-process.ts'
import { openRig } from './support/steps.ts'
import { run } from './support/transcript.ts'

const caller = { actor: { kind: 'operator', id: 'test' } } as const

/** Another connection, with a secret that is sealed under the ring of the server. */
async function addSealedConnection({ services }: Rig): Promise<void> {
  const connection = await services.storage.findConnection('default')
  assert.ok(connection)
  const id = 'con_customer'
  const sealed = sealCredential(services.keyRing, 'a-secret', {
    connectionId: id,
    credentialId: 'crd_1',
  })
  const credential = {
    id: 'crd_1',
    kind: 'client_secret',
    state: 'active',
    createdAt: services.now(),
    sealed,
  } as const
  const other = {
    ...connection,
    id,
    slug: 'customer',
    name: 'Customer',
    managedBy: 'api',
    credentials: [credential],
  } as const
  await services.storage.atomically((transaction) => transaction.putConnection(other))
}

/** A deployment with people, a sealed secret of each kind, and no key ring any more. */
async function loseKeyRing(t: TestContext) {
  const folder = await temporaryFolder(t)
  const key = newSecretKey()
  const rig = await openRig(t, {
    database: join(folder, 'entrada.db'),
    secretKeys: [new Secret(key)],
    entra: { recheckMinutes: 60 },
  })
  await rig.signIn(people.alice)
  const url = 'https://hooks.example.com/in'
  const { webhook } = await createWebhook(rig.services, caller, { url })
  await addSealedConnection(rig)
  await rig.close()
  const environment = {
    ENTRADA_DATA_DIR: folder,
    ENTRADA_SERVER_URL: `http://localhost:${await freePort()}`,
    ENTRADA_OPERATOR_TOKEN: OPERATOR_TOKEN,
    ENTRADA_LOG_LEVEL: 'silent',
  }
  const [keyId = ''] = createKeyRing([new Secret(key)]).keyIds
  return { folder, environment, key, keyId, webhookId: webhook.id }
}

describe('a key ring that is lost', () => {
  it('is not replaced by a fresh one while the database needs it (O14)', async (t) => {
    const { folder, environment, keyId } = await loseKeyRing(t)
    for (const argv of [['serve'], ['user', 'list'], ['key', 'rotate']]) {
      const { exitCode, printedErrors } = await run(argv, environment)
      assert.equal(exitCode, 1, argv.join(' '))
      assert.match(printedErrors.join('\n'), new RegExp(`secret_key_missing[\\s\\S]*${keyId}`))
      assert.match(printedErrors.join('\n'), /entrada key forget ID/)
      assert.ok(!(await readdir(folder)).includes('secret-keys'), argv.join(' '))
    }
  })

  it('is made at the first start, as long as nothing is sealed (O14)', async (t) => {
    const folder = await temporaryFolder(t)
    const environment = {
      ENTRADA_DATA_DIR: folder,
      ENTRADA_SERVER_URL: `http://localhost:${await freePort()}`,
      ENTRADA_LOG_LEVEL: 'silent',
    }
    for (const _ of ['once', 'and again']) {
      assert.equal((await run(['serve'], environment)).exitCode, 0)
      assert.ok((await readdir(folder)).includes('secret-keys'))
    }
  })

  it('has a name at the doctor: lost, or of another database (O14)', async (t) => {
    const { folder, environment, keyId } = await loseKeyRing(t)
    const lost = await examineWith(environment, '--only', 'keys')
    assert.deepEqual(lost.troubles, ['key_ring_lost'])
    assert.deepEqual(lost.find('key_ring_lost').items, [`key ${keyId}`])
    await writeFile(join(folder, 'secret-keys'), newSecretKey())
    const fresh = await examineWith(environment, '--only', 'keys')
    assert.deepEqual(
      fresh.report.findings.map(({ id }) => id),
      ['key_ring_of_another_database'],
    )
  })
})

describe('entrada key forget', () => {
  it('lists what only the key opens, and changes nothing without --yes (O14)', async (t) => {
    const { folder, environment, keyId, webhookId, key } = await loseKeyRing(t)
    const { exitCode, printed } = await run(['key', 'forget', keyId], environment)
    const text = printed.join('\n')
    assert.equal(exitCode, 0)
    assert.match(text, /connection con_customer \(Customer\): 1 of its credentials; none is left/)
    assert.match(text, new RegExp(`webhook ${webhookId} .*rotate-secret ${webhookId}`))
    assert.match(text, /1 sessions/)
    assert.match(text, /--yes drops it/)
    assert.ok(!(await readdir(folder)).includes('secret-keys'))
    // Found again: nothing was lost.
    await writeFile(join(folder, 'secret-keys'), key)
    assert.equal((await run(['serve'], environment)).exitCode, 0)
  })

  it('drops that with --yes, keeps everything else, audits it, and the server starts (O14)', async (t) => {
    const { environment, keyId, webhookId } = await loseKeyRing(t)
    const forgotten = await run(['key', 'forget', keyId, '--yes', '--json'], environment)
    const lost = JSON.parse(forgotten.printed[0] ?? '')
    assert.deepEqual([lost.done, lost.connections[0].left, lost.sessions], [true, 0, 1])
    assert.equal((await run(['serve'], environment)).exitCode, 0)

    const users = JSON.parse((await run(['user', 'list', '--json'], environment)).printed[0] ?? '')
    assert.deepEqual(
      users.items.map(({ memberships }: { memberships: { username: string }[] }) =>
        memberships.map(({ username }) => username),
      ),
      [['alice']],
    )
    const sessions = await run(['session', 'list', '--json'], environment)
    assert.deepEqual(JSON.parse(sessions.printed[0] ?? '').items, [])
    const events = await run(['audit', 'list', '--json', '--limit', '20'], environment)
    const of = JSON.parse(events.printed[0] ?? '')
      .items.filter(({ type }: { type: string }) => type === 'key_ring.key_forgotten')
      .map(
        ({ detail }: { detail: { of: string; keyId: string } }) => `${detail.of} ${detail.keyId}`,
      )
    assert.deepEqual(of.sort(), [`connection ${keyId}`, `sessions ${keyId}`, `webhook ${keyId}`])

    const refused = await run(['webhook', 'turn-on', webhookId], environment)
    assert.match(refused.printedErrors[0] ?? '', /webhook_without_secret/)
    assert.equal((await run(['webhook', 'rotate-secret', webhookId], environment)).exitCode, 0)
    assert.equal((await run(['webhook', 'turn-on', webhookId], environment)).exitCode, 0)
    const again = await run(['key', 'forget', keyId], environment)
    assert.deepEqual(again.printed, [`nothing is sealed under key ${keyId}`])
  })

  it('gives up no key that the ring holds (O14)', async (t) => {
    const { folder, environment, key, keyId } = await loseKeyRing(t)
    await writeFile(join(folder, 'secret-keys'), key)
    for (const argv of [
      ['key', 'forget', keyId],
      ['key', 'forget', keyId, '--yes'],
    ]) {
      const { exitCode, printedErrors } = await run(argv, environment)
      assert.equal(exitCode, 1)
      assert.match(printedErrors[0] ?? '', /key_is_held/)
    }
  })

  it('gives up nothing while a server runs, which may hold the key (O14)', async (t) => {
    const { environment, keyId } = await loseKeyRing(t)
    const serverUrl = new URL(environment.ENTRADA_SERVER_URL)
    const other = await openRig(t, { serverUrl })
    const server = await startHttpServer(other.entrada, {
      host: '127.0.0.1',
      port: Number(serverUrl.port),
    })
    t.after(() => server.stop())
    const { exitCode, printedErrors } = await run(['key', 'forget', keyId, '--yes'], environment)
    assert.equal(exitCode, 1)
    assert.match(printedErrors[0] ?? '', /server_is_running/)
  })
})
