/** `entrada/testing`, as the tests of an application use it. */
import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { createEntrada, type EntradaOptions, type Storage } from 'entrada'
import { createTestClock, signInAs, testOptions } from 'entrada/testing'
import { storageConformance } from 'entrada/testing/storage'
import { openStorage } from '../src/storage/open-storage.ts'
import { newDatabaseFile } from './support/replicas.ts'
import { ENGINEERING } from './support/rig.ts'

function open(t: TestContext, changes: Partial<EntradaOptions> = {}) {
  const entrada = createEntrada(testOptions(changes))
  t.after(() => entrada.close())
  return entrada
}

describe('signInAs', () => {
  it('gives a request of a person who is signed in, without a browser and without Entra', async (t) => {
    const entrada = open(t)
    const anna = await signInAs(entrada, {
      username: 'anna@contoso.example',
      displayName: 'Anna',
      roles: ['admin', 'reader'],
    })
    assert.equal(anna.session.membership.displayName, 'Anna')
    assert.deepEqual([...anna.session.roles].sort(), ['admin', 'reader'])
    const seen = await entrada.getSession(anna.request('/reports'))
    assert.equal(seen?.user.id, anna.session.user.id)
    const page = await entrada.fetch(anna.request('/account'))
    assert.equal(page.status, 200)
  })

  it('makes the same person of the same name, and another of another', async (t) => {
    const entrada = open(t)
    const first = await signInAs(entrada, { username: 'anna' })
    const again = await signInAs(entrada, { username: 'Anna', roles: ['admin'] })
    const other = await signInAs(entrada, { username: 'ben' })
    assert.equal(first.session.user.id, again.session.user.id)
    assert.notEqual(first.session.user.id, other.session.user.id)
    assert.deepEqual((await entrada.getSession(first.request('/')))?.roles, ['admin'])
  })

  it('goes through rules, policies, hooks and events, as Entra’s answer would', async (t) => {
    const events: string[] = []
    const { entra } = testOptions()
    assert.ok(entra)
    const entrada = open(t, {
      entra: {
        ...entra,
        roleRules: [{ id: 'r1', match: 'group', value: ENGINEERING, role: 'engineer' }],
        policies: { unmatched: { kind: 'refuse' } },
      },
      hooks: {
        decideSignIn: ({ identity }) =>
          identity.preferredUsername === 'mallory'
            ? { refuse: true, reason: 'banned' }
            : { refuse: false },
        onEvent: ({ type }) => void events.push(type),
      },
    })
    const { session } = await signInAs(entrada, { groups: [ENGINEERING] })
    assert.deepEqual(session.roles, ['engineer'])
    await assert.rejects(signInAs(entrada, { username: 'x' }), { code: 'no_role_matched' })
    await assert.rejects(signInAs(entrada, { guest: true, groups: [ENGINEERING] }), {
      code: 'guest_not_allowed',
    })
    await assert.rejects(signInAs(entrada, { username: 'mallory', groups: [ENGINEERING] }), {
      code: 'refused_by_application',
    })
    const tid = '99999999-0000-4000-8000-000000000009'
    await assert.rejects(signInAs(entrada, { tid, groups: [ENGINEERING] }), /./)
    await entrada.close()
  })

  it('is refused in production, and for what createEntrada did not make', async (t) => {
    const production = open(t, { mode: 'production' })
    await assert.rejects(signInAs(production), { code: 'testing_refused' })
    const entrada = open(t)
    await assert.rejects(signInAs({ ...entrada }), TypeError)
  })

  it('signs in while a clock stands still, and out when it moves on', async (t) => {
    const clock = createTestClock()
    const entrada = open(t, { now: clock.now, session: { idleSeconds: 60, maxSeconds: 3600 } })
    const { request } = await signInAs(entrada)
    clock.advanceSeconds(59)
    assert.ok(await entrada.getSession(request('/')))
    clock.advanceSeconds(61)
    assert.equal(await entrada.getSession(request('/')), undefined)
  })

  it('asks Entra nothing: a real sign-in says that it cannot be reached', async (t) => {
    const entrada = open(t)
    const headers = { host: 'localhost:3000' }
    const started = await entrada.fetch(
      new Request('http://localhost:3000/auth/entra/login', { headers }),
    )
    assert.equal(started.status, 502)
  })
})

/** A storage as an application would write one, here by handing every verb to ours. */
class OwnStorage {
  readonly kind = 'other'
  #storage: Storage
  constructor(storage: Storage) {
    this.#storage = storage
    for (const [verb, member] of Object.entries(storage)) {
      if (verb === 'kind') continue
      const own = typeof member === 'function' ? member.bind(storage) : member
      Object.defineProperty(this, verb, { value: own, configurable: true })
    }
  }
  readMark() {
    return this.#storage.readMark()
  }
}

async function openOwn(path: string, mode: 'development' | 'production'): Promise<Storage> {
  const storage = await openStorage(path, { mode, now: () => new Date() })
  return new OwnStorage(storage) as unknown as Storage // every verb, put there by the constructor
}

describe('a storage of the application’s own', () => {
  it('is used in place of a database', async (t) => {
    const database = await openOwn(await newDatabaseFile(t), 'development')
    const { session } = await signInAs(open(t, { database }), { username: 'anna' })
    assert.equal(
      (await database.findUser(session.user.id as `usr_${string}`))?.user.id,
      session.user.id,
    )
  })

  it('of another mode is refused', async (t) => {
    const database = await openOwn(await newDatabaseFile(t), 'production')
    await assert.rejects(signInAs(open(t, { database })), { code: 'database_mode_mismatch' })
    await database.close()
  })
})

storageConformance('by the package’s own door', async () => {
  const { mkdtemp, rm } = await import('node:fs/promises')
  const folder = await mkdtemp('/tmp/entrada-test-')
  const openOne = () => openOwn(`${folder}/entrada.db`, 'development')
  const opened = [await openOne()]
  return {
    storage: opened[0] as Storage,
    async openAnother() {
      const another = await openOne()
      opened.push(another)
      return another
    },
    async close() {
      for (const storage of opened) await storage.close()
      await rm(folder, { recursive: true, force: true })
    },
  }
})
