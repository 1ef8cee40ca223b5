import assert from 'node:assert/strict'
import { after, before, describe, it, type TestContext } from 'node:test'
import { type Answer, type Asked, ask, items } from './support/api-calls.ts'
import { startPostgres, type TestPostgres } from './support/postgres.ts'
import { newDatabaseFile, openReplica } from './support/replicas.ts'
import { OPERATOR_TOKEN, type Rig, SERVER_URL } from './support/rig.ts'
import { auditEvents, openRig } from './support/steps.ts'

type Sent = Readonly<Record<string, unknown>>

function post(rig: Rig, key: string, body: Sent, asked: Asked = {}): Promise<Answer> {
  const headers = { 'idempotency-key': key }
  return ask(rig, '/organizations', { method: 'POST', body, headers, ...asked })
}

const created = async (rig: Rig) =>
  (await items(rig, '/organizations')).filter(({ id }) => id !== 'default')

describe('Idempotency-Key', () => {
  it('makes one thing of a call that comes again, and gives the first answer', async (t) => {
    const rig = await openRig(t)
    const first = await post(rig, 'k-1', { name: 'A' })
    rig.clock.advanceSeconds(3600)
    const again = await post(rig, 'k-1', { name: 'A' })
    assert.deepEqual([again.status, again.body], [201, first.body])
    for (const name of ['etag', 'location']) {
      assert.equal(again.headers.get(name), first.headers.get(name))
    }
    assert.equal(first.headers.get('idempotent-replayed'), null)
    assert.equal(again.headers.get('idempotent-replayed'), 'true')
    assert.equal((await created(rig)).length, 1)
    assert.equal((await auditEvents(rig, { type: 'organization.created' })).length, 1)
  })

  it('is refused for another body, another address, and answers neither', async (t) => {
    const rig = await openRig(t)
    await post(rig, 'k-1', { name: 'A' })
    const other = await post(rig, 'k-1', { name: 'B' })
    assert.deepEqual([other.status, other.body.code], [422, 'idempotency_key_reused'])
    const headers = { 'idempotency-key': 'k-1' }
    const body = { username: 'a' }
    const elsewhere = await ask(rig, '/users', { method: 'POST', body, headers })
    assert.equal(elsewhere.status, 422)
    assert.equal((await created(rig)).length, 1)
    assert.deepEqual(await items(rig, '/users'), [])
  })

  it('is each caller’s own', async (t) => {
    const rig = await openRig(t)
    const scopes = ['organizations:write']
    const { body: key } = await ask(rig, '/api-keys', {
      method: 'POST',
      body: { name: 'k', scopes },
    })
    const as = { authorization: `Bearer ${key.value}` }
    const first = await post(rig, 'k-1', { name: 'A' })
    const second = await post(rig, 'k-1', { name: 'B' }, { as })
    assert.deepEqual([first.status, second.status], [201, 201])
    assert.equal((await created(rig)).length, 2)
  })

  it('is forgotten after a day', async (t) => {
    const rig = await openRig(t)
    await post(rig, 'k-1', { name: 'A' })
    rig.clock.advanceSeconds(24 * 3600 - 1)
    assert.equal((await post(rig, 'k-1', { name: 'B' })).status, 422)
    rig.clock.advanceSeconds(1)
    assert.equal((await post(rig, 'k-1', { name: 'B' })).status, 201)
  })

  it('may be used again after a refusal, which left nothing', async (t) => {
    const rig = await openRig(t)
    await post(rig, 'k-0', { name: 'A', slug: 'taken' })
    const refused = await post(rig, 'k-1', { name: 'B', slug: 'taken' })
    assert.equal(refused.status, 409)
    assert.equal((await post(rig, 'k-1', { name: 'B', slug: 'free' })).status, 201)
  })

  it('never tells a key for the API a second time', async (t) => {
    const rig = await openRig(t)
    const request = {
      method: 'POST',
      body: { name: 'k', scopes: ['audit:read'] },
      headers: { 'idempotency-key': 'k-1' },
    }
    const { body: first } = await ask(rig, '/api-keys', request)
    const { body: again } = await ask(rig, '/api-keys', request)
    assert.match(String(first.value), /^ent_/)
    assert.deepEqual(again, { ...first, value: null })
    assert.equal((await items(rig, '/api-keys')).length, 1)
  })

  for (const key of ['', ' ', 'x'.repeat(256), 'two words', 'ä']) {
    it(`has to be 1 to 255 plain characters: not ${JSON.stringify(key.slice(0, 9))}`, async (t) => {
      const rig = await openRig(t)
      const { status, body } = await post(rig, key, { name: 'A' })
      assert.deepEqual([status, body.parameter], [400, 'Idempotency-Key'])
      assert.deepEqual(await created(rig), [])
    })
  }
})

describe('Idempotency-Key, many times at once on two replicas', () => {
  let postgres: TestPostgres
  before(async () => {
    postgres = await startPostgres()
  })
  after(() => postgres.close())

  const databases: Readonly<Record<string, (t: TestContext) => Promise<string>>> = {
    SQLite: newDatabaseFile,
    PostgreSQL: () => postgres.createDatabase(),
  }
  for (const [name, open] of Object.entries(databases)) {
    it(`makes one thing, and answers all alike: ${name}`, async (t) => {
      const rig = await openRig(t, { database: await open(t) })
      const replica = openReplica(t, rig)
      const call = (n: number) => {
        const request = new Request(`${SERVER_URL}/api/v1/organizations`, {
          method: 'POST',
          headers: {
            authorization: `Bearer ${OPERATOR_TOKEN}`,
            'content-type': 'application/json',
            'idempotency-key': 'one',
          },
          body: JSON.stringify({ name: 'A' }),
        })
        return (n % 2 === 0 ? rig.entrada : replica).fetch(request)
      }
      const answers = await Promise.all(Array.from({ length: 12 }, (_, n) => call(n)))
      const texts = await Promise.all(answers.map((answer) => answer.text()))
      assert.deepEqual(new Set(answers.map(({ status }) => status)), new Set([201]), texts[0])
      assert.equal(new Set(texts).size, 1)
      const fresh = answers.filter(({ headers }) => !headers.has('idempotent-replayed'))
      assert.equal(fresh.length, 1)
      assert.equal((await created(rig)).length, 1)
    })
  }
})
