/** A removed person is gone from the audit trail, and the trail still shows other changes; on both databases. */
import assert from 'node:assert/strict'
import { after, before, describe, it, type TestContext } from 'node:test'
import { rotateKeys } from '../src/admin/rotate-keys.ts'
import { linkHash } from '../src/audit/audit-chain.ts'
import { eraseStretch } from '../src/audit/erase-people.ts'
import { cutChain, linkEvents } from '../src/audit/extend-audit-chain.ts'
import { verifyAuditTrail } from '../src/audit/verify-audit-chain.ts'
import { newSecretKey } from '../src/keys/key-ring.ts'
import { Secret } from '../src/keys/secret.ts'
import { openParts } from '../src/open-services.ts'
import type { Services } from '../src/services.ts'
import { openSqliteConnection } from '../src/storage/sqlite.ts'
import { ask } from './support/api-calls.ts'
import { startPostgres, type TestPostgres } from './support/postgres.ts'
import { newDatabaseFile } from './support/replicas.ts'
import { people, type Rig } from './support/rig.ts'
import { openRig } from './support/steps.ts'

let postgres: TestPostgres
before(async () => {
  postgres = await startPostgres()
})
after(() => postgres.close())

type Run = (statement: string) => Promise<readonly Record<string, unknown>[]>
type Bench = { readonly rig: Rig; readonly run: Run; readonly database: string }

for (const kind of ['sqlite', 'postgres'] as const) {
  describe(`the audit trail of a removed person, on ${kind}`, () => {
    it('holds neither names nor directory ids, addresses or browsers of them, and is still as it was written (O15)', async (t) => {
      const bench = await openBench(t, kind)
      const { rig, run } = bench
      const kim = await signInAndLink(rig, people.bob)
      await signInAndLink(rig, people.alice)
      const personal = [kim.oid, kim.username]
      assert.ok(personal.every((value) => kim.text.includes(value)))
      await remove(rig, kim.userId)
      await eraseAll(rig.services)
      const rows = await run('select * from audit_events order by id')
      const theirs = rows.filter((row) => row.user_id === kim.userId)
      assert.ok(theirs.length >= 4)
      for (const value of personal) assert.ok(!JSON.stringify(rows).includes(value), value)
      for (const { actor_kind, ip, user_agent } of theirs) {
        if (actor_kind === 'user') assert.deepEqual([ip, user_agent], [null, null])
      }
      assert.ok(JSON.stringify(rows).includes('alice'), 'others stay as they are')
      assert.equal((await run('select * from erasures_due')).length, 0)
      assert.deepEqual(await traces(run, kim), [])
      await verify(rig.services)
    })

    it('shows what is changed after an erasure, and takes no made-up erasure for one (O15)', async (t) => {
      const { rig, run } = await openBench(t, kind)
      const kim = await signInAndLink(rig, people.bob)
      await remove(rig, kim.userId)
      await eraseAll(rig.services)
      await verify(rig.services)
      const [erased] = await run('select event_id from audit_erasures order by event_id')
      const [before] = await run(`select detail from audit_events where id = '${erased?.event_id}'`)
      const put = (id: unknown, detail: string) =>
        run(`update audit_events set detail = '${detail}' where id = '${id}'`)
      await put(erased?.event_id, '{"roles":["admin"]}')
      assert.equal((await problemOf(rig.services))?.reason, 'changed')
      await put(erased?.event_id, String(before?.detail))
      await verify(rig.services)
      const [other] = await run(`select id from audit_events where type = 'user.removed'`)
      await put(other?.id, '{"made":"up"}')
      const { sha256 } = rig.services
      for (const signature of ['v1.00000000.AAAA', 'nonsense']) {
        await run(`delete from audit_erasures where event_id = '${other?.id}'`)
        const [row] = await run(`select * from audit_events where id = '${other?.id}'`)
        const hash = sha256(contentOf(row ?? {}))
        await run(`insert into audit_erasures values ('${other?.id}', '${hash}', '${signature}')`)
        assert.equal((await problemOf(rig.services))?.reason, 'changed', signature)
      }
    })

    it('carries out no order to erase that was not made by a removal here (O15)', async (t) => {
      const { rig, run } = await openBench(t, kind)
      const kim = await signInAndLink(rig, people.bob)
      const order = `insert into erasures_due (user_id, object_ids, after_event, signature)`
      for (const signature of ['', 'nonsense', 'v1.00000000.AAAA']) {
        await run(`${order} values ('${kim.userId}', '["${kim.oid}"]', '', '${signature}')`)
        await eraseAll(rig.services)
      }
      const events = await rig.services.storage.listAuditEvents({}, { limit: 50 })
      assert.ok(JSON.stringify(events).includes(kim.oid))
      assert.equal((await run('select * from erasures_due')).length, 0)
      assert.ok(rig.logLines.some((line) => line.includes('erasure_order_not_ours')))
    })

    it('keeps what somebody changed before the erasure, for all to see (O15)', async (t) => {
      const { rig, run } = await openBench(t, kind)
      const kim = await signInAndLink(rig, people.bob)
      const changed = `update audit_events set detail = '{"oid":"${kim.oid}","roles":["admin"]}'`
      await run(`${changed} where type = 'sign_in.succeeded'`)
      await remove(rig, kim.userId)
      await eraseAll(rig.services)
      assert.equal((await problemOf(rig.services))?.reason, 'changed')
    })

    for (const signature of ['as it was', 'v1.00000000.AAAA']) {
      it(`vouches for no event whose link was made to fit a change, signature ${signature} (O15)`, async (t) => {
        const { rig, run } = await openBench(t, kind)
        const kim = await signInAndLink(rig, people.bob)
        await remove(rig, kim.userId)
        await linkAll(rig.services)
        const { sha256, storage } = rig.services
        const links = await storage.listAuditLinks(0, 100)
        const [event] = await run(`select id from audit_events where type = 'sign_in.succeeded'`)
        const link = links.find(({ eventId }) => eventId === event?.id)
        const before = links.find(({ sequence }) => sequence === Number(link?.sequence) - 1)
        assert.ok(link && before)
        const detail = `{"oid":"${kim.oid}","roles":["admin"]}`
        await run(`update audit_events set detail = '${detail}' where id = '${link.eventId}'`)
        const [changed] = await storage.listAuditLinks(before.sequence, 1)
        assert.ok(changed?.event)
        const set = (hash: string, signed: string) =>
          run(
            `update audit_links set hash = '${hash}', signature = '${signed}' where event_id = '${link.eventId}'`,
          )
        const forged = signature === 'as it was' ? link.signature : signature
        await set(linkHash(sha256, before, changed.event), forged)
        await eraseAll(rig.services)
        await set(link.hash, link.signature)
        const problem = await problemOf(rig.services)
        assert.deepEqual([problem?.reason, problem?.sequence], ['changed', link.sequence])
      })
    }

    it('erases what was linked under a key that has left the ring, as far as later links vouch for it (O15)', async (t) => {
      const { rig, run, database } = await openBench(t, kind)
      const kim = await signInAndLink(rig, people.bob)
      await signInAndLink(rig, people.alice)
      const secretKeys = [new Secret(newSecretKey()), ...rig.options.secretKeys] as const
      const open = async (keys: readonly (string | Secret)[]) => {
        const services = await openParts({ ...rig.options, database, secretKeys: keys })
        t.after(() => services.close())
        return services
      }
      await remove(rig, kim.userId)
      await rotateKeys(await open(secretKeys), { kind: 'system' })
      const services = await open([secretKeys[0]])
      await eraseAll(services)
      const rows = JSON.stringify(await run('select * from audit_events'))
      assert.ok(!rows.includes(kim.oid), 'nothing is left of them')
      await verify(services)

      // What came before an erased event is held together by the erasure.
      const links = await services.storage.listAuditLinks(0, 100)
      const at = links.findIndex(({ erasure }) => erasure !== undefined)
      const [link, previous] = [links[at], links[at - 1]]
      assert.ok(link && previous)
      await run(`update audit_links set hash = 'made up' where sequence = ${previous.sequence}`)
      assert.equal((await problemOf(services))?.reason, 'changed')
      await run(
        `update audit_links set hash = '${previous.hash}' where sequence = ${previous.sequence}`,
      )
      await verify(services)
    })

    it('survives a rotation of the key ring and the cut of old events (O15)', async (t) => {
      const { rig, database } = await openBench(t, kind)
      const kim = await signInAndLink(rig, people.bob)
      await remove(rig, kim.userId)
      await eraseAll(rig.services)
      const [older] = rig.options.secretKeys
      assert.ok(older)
      const newer = new Secret(newSecretKey())
      const open = async (secretKeys: readonly (string | Secret)[]) => {
        const services = await openParts({ ...rig.options, database, secretKeys })
        t.after(() => services.close())
        return services
      }
      await rotateKeys(await open([newer, older]), { kind: 'system' })
      const services = await open([newer])
      await linkAll(services)
      await verify(services)
      const cut = await cutChain(services, new Date(rig.clock.now().getTime() + 1_000))
      assert.equal(cut.kind, 'done')
      await verify(services)
    })
  })
}

/** There is no background work, so that the test decides when events are linked and people erased. */
async function openBench(t: TestContext, kind: 'sqlite' | 'postgres'): Promise<Bench> {
  const database = kind === 'sqlite' ? await newDatabaseFile(t) : await postgres.createDatabase()
  const rig = await openRig(t, { database })
  if (kind === 'postgres') return { rig, database, run: (text) => postgres.run(database, text) }
  const { handle } = openSqliteConnection(database)
  t.after(() => handle.close())
  const run: Run = async (text) => handle.prepare(text).all() as Record<string, unknown>[]
  return { rig, database, run }
}

async function signInAndLink(rig: Rig, person: string) {
  await rig.signIn(person)
  await linkAll(rig.services)
  const { items } = await rig.services.storage.listUsers({ limit: 1 })
  const { user, identities, memberships } = items[0] ?? {}
  const [identity] = identities ?? []
  const [membership] = memberships ?? []
  assert.ok(user && identity && membership)
  const { items: events } = await rig.services.storage.listAuditEvents({}, { limit: 50 })
  const { username } = membership
  return { userId: user.id, oid: identity.key.subject, username, text: JSON.stringify(events) }
}

async function remove(rig: Rig, userId: string): Promise<void> {
  assert.equal((await ask(rig, `/users/${userId}`, { method: 'DELETE' })).status, 204)
}

async function eraseAll(services: Services): Promise<void> {
  await linkAll(services)
  while (await eraseStretch(services));
  await linkAll(services)
}

async function linkAll(services: Services): Promise<void> {
  for (let count = 1; count > 0; ) {
    const step = await linkEvents(services, undefined)
    assert.equal(step.kind, 'done')
    count = step.kind === 'done' ? step.count : 0
  }
}

async function verify(services: Services): Promise<void> {
  assert.equal(await problemOf(services), undefined)
}

async function problemOf(services: Services) {
  return (await verifyAuditTrail(services, undefined, 10_000)).problem
}

const traces = (run: Run, { userId, oid }: { readonly userId: string; readonly oid: string }) =>
  run(`select id from sign_in_traces where user_id = '${userId}' or person_oid = '${oid}'`)

/** As the chain has it. */
function contentOf(row: Record<string, unknown>): string {
  const columns = 'id at type actor_kind actor_id organization_id connection_id user_id session_id'
  const further = 'correlation_id ip user_agent detail'
  const values = `${columns} ${further}`.split(' ').map((name) => row[name])
  return JSON.stringify(values.map((value, at) => (at === 1 ? Number(value) : value)))
}
