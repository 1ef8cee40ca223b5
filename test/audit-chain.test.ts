/** Changes to the audit trail that are made in the database without our keys are detected, on both databases. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { after, before, describe, it, type TestContext } from 'node:test'
import { placeText } from '../src/audit/audit-chain.ts'
import { cutChain, linkEvents, resignHead } from '../src/audit/extend-audit-chain.ts'
import { type Verification, verifyAuditTrail } from '../src/audit/verify-audit-chain.ts'
import { createEntrada, type Entrada } from '../src/entrada.ts'
import { createKeyRing, newSecretKey } from '../src/keys/key-ring.ts'
import { Secret } from '../src/keys/secret.ts'
import { openParts } from '../src/open-services.ts'
import type { Services } from '../src/services.ts'
import type { EntradaOptions } from '../src/settings/options.ts'
import type { AuditChainHead, AuditEventRecord } from '../src/storage/records.ts'
import { openSqliteConnection } from '../src/storage/sqlite.ts'
import { startPostgres, type TestPostgres } from './support/postgres.ts'
import { newDatabaseFile } from './support/replicas.ts'
import { type Clock, OPERATOR_TOKEN, SERVER_URL, stoppedClock } from './support/rig.ts'
import { asOperator, auditEvents, codeOf } from './support/steps.ts'

let postgres: TestPostgres
before(async () => {
  postgres = await startPostgres()
})
after(() => postgres.close())

type Statement = (text: string) => Promise<readonly Record<string, unknown>[]>
/** Entrada without its background work, so that nothing is linked but by the test. */
type Still = {
  readonly services: Services
  readonly entrada: Entrada
  readonly options: EntradaOptions
  readonly clock: Clock
}
type Bench = { readonly rig: Still; readonly sql: Statement }

const kinds = ['sqlite', 'postgres'] as const

/** Ten linked events, and an attacker who may write anything into the database. */
async function openBench(
  t: TestContext,
  kind: (typeof kinds)[number],
  options: Partial<EntradaOptions> = {},
): Promise<Bench> {
  const database = kind === 'sqlite' ? await newDatabaseFile(t) : await postgres.createDatabase()
  const rig = await openStill(t, { database, ...options })
  const sql = kind === 'sqlite' ? sqliteStatements(t, database) : onPostgres(database)
  await appendOne(rig, { ...newEvent(0, rig.clock.now()), id: 'evt_0' })
  await append(rig, 0, 10)
  await linkAll(rig)
  return { rig, sql }
}

async function openStill(
  t: TestContext,
  given: Pick<EntradaOptions, 'database'> & Partial<EntradaOptions>,
): Promise<Still> {
  const clock = stoppedClock()
  const options: EntradaOptions = {
    serverUrl: new URL(SERVER_URL),
    secretKeys: [new Secret(newSecretKey())],
    operatorTokens: [new Secret(OPERATOR_TOKEN)],
    now: clock.now,
    ...given,
  }
  const services = await openParts(options)
  const entrada = createEntrada(options, services)
  t.after(() => entrada.close())
  return { services, entrada, options, clock }
}

function sqliteStatements(t: TestContext, path: string): Statement {
  const { handle } = openSqliteConnection(path)
  t.after(() => handle.close())
  return async (text) => handle.prepare(text).all() as Record<string, unknown>[]
}

function onPostgres(database: string): Statement {
  return (text) => postgres.run(database, text)
}

function newEvent(n: number, at: Date): AuditEventRecord {
  return {
    id: `evt_${String(n).padStart(4, '0')}`,
    at,
    type: 'user.enabled',
    actor: { kind: 'operator', id: 'somebody' },
    userId: `usr_${n}`,
    detail: { n },
  }
}

async function append(still: Still, from: number, to: number): Promise<void> {
  for (let n = from; n < to; n += 1) await appendOne(still, newEvent(n, still.clock.now()))
}

async function appendOne(
  { services }: Still,
  event: AuditEventRecord,
  options = { toOutbox: false },
): Promise<void> {
  await services.storage.atomically((transaction) => transaction.appendAuditEvent(event, options))
}

/** Everything that waits, as the background work does it. */
async function linkAll({ services }: Still): Promise<AuditChainHead> {
  for (;;) {
    const step = await linkEvents(services, undefined)
    assert.notEqual(step.kind, 'broken')
    if (step.kind === 'done' && step.count === 0) return step.head
  }
}

/** The whole trail, in stretches of any length. */
async function verify({ services }: Still, stretch = 5_000): Promise<Verification> {
  let from: Verification['next']
  let links = 0
  for (;;) {
    const verified = await verifyAuditTrail(services, from, stretch)
    links += verified.links
    if (verified.problem || !verified.next) return { ...verified, links }
    from = verified.next
  }
}

const sequenceOf = async (sql: Statement, id: string) => {
  const [row] = await sql(`select sequence from audit_links where event_id = '${id}'`)
  return Number(row?.sequence)
}

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex')

for (const kind of kinds) {
  describe(`the audit chain on ${kind}`, () => {
    it('vouches for every event, in stretches of any length (I12)', async (t) => {
      const { rig } = await openBench(t, kind)
      const events = await auditEvents(rig)
      assert.equal(events.length, 11)
      for (const stretch of [1, 200, 5_000]) {
        const { problem, links } = await verify(rig, stretch)
        assert.deepEqual({ problem, links }, { problem: undefined, links: 11 })
      }
    })

    it('names the first event that was updated, whichever column (I12)', async (t) => {
      const { rig, sql } = await openBench(t, kind)
      const changes = [
        `detail = '{"n":99}'`,
        `actor_id = 'nobody'`,
        'actor_id = null',
        'at = at + 1',
        `type = 'user.disabled'`,
        `user_id = 'usr_9'`,
        `ip = '192.0.2.1'`,
      ]
      const sequence = await sequenceOf(sql, 'evt_0004')
      for (const change of changes) {
        const { problem } = await undoing(
          sql,
          `update audit_events set ${change} where id = 'evt_0004'`,
          () => verify(rig),
        )
        assert.deepEqual(problem, { reason: 'changed', sequence, eventId: 'evt_0004' }, change)
      }
      assert.equal((await verify(rig)).problem, undefined)
    })

    it('finds that the last event was deleted (I12)', async (t) => {
      const { rig, sql } = await openBench(t, kind)
      await sql(`delete from audit_events where id = 'evt_0009'`)
      const { problem } = await verify(rig)
      assert.deepEqual(problem, { reason: 'event_missing', sequence: 11, eventId: 'evt_0009' })
    })

    it('finds that one in the middle was deleted, with its link or without (I12)', async (t) => {
      const { rig, sql } = await openBench(t, kind)
      const sequence = await sequenceOf(sql, 'evt_0005')
      await sql(`delete from audit_events where id = 'evt_0005'`)
      const without = await verify(rig)
      assert.deepEqual(without.problem, { reason: 'event_missing', sequence, eventId: 'evt_0005' })
      await sql(`delete from audit_links where event_id = 'evt_0005'`)
      assert.deepEqual((await verify(rig)).problem, { reason: 'link_missing', sequence })
      // Closing the gap only moves it to the place where the hash differs.
      await sql(`update audit_links set sequence = -sequence where sequence > ${sequence}`)
      await sql(`update audit_links set sequence = -sequence - 1 where sequence < 0`)
      const { problem } = await verify(rig)
      assert.deepEqual(problem, { reason: 'changed', sequence, eventId: 'evt_0006' })
    })

    it('finds that two were swapped, in content or in order (I12)', async (t) => {
      const { rig, sql } = await openBench(t, kind)
      const sequence = await sequenceOf(sql, 'evt_0003')
      await swapIds(sql, 'audit_events', 'id')
      assert.equal((await verify(rig)).problem?.sequence, sequence)
      await swapIds(sql, 'audit_events', 'id')
      assert.equal((await verify(rig)).problem, undefined)
      await swapIds(sql, 'audit_links', 'event_id')
      assert.equal((await verify(rig)).problem?.sequence, sequence)
    })

    it('finds a tail that was cut off: events, links, and a head that was changed to fit (I12)', async (t) => {
      const { rig, sql } = await openBench(t, kind)
      await sql(`delete from audit_events where id in ('evt_0008', 'evt_0009')`)
      await sql('delete from audit_links where sequence > 9')
      assert.deepEqual((await verify(rig)).problem, { reason: 'link_missing', sequence: 10 })
      await sql(
        'update audit_chain set sequence = 9, hash = (select hash from audit_links where sequence = 9)',
      )
      assert.deepEqual((await verify(rig)).problem, { reason: 'head_forged', sequence: 9 })
      await sql('delete from audit_chain')
      assert.deepEqual((await verify(rig)).problem, { reason: 'head_missing' })
    })

    it('finds an older signed end that was put back, by a place kept elsewhere (I12)', async (t) => {
      const { rig, sql } = await openBench(t, kind)
      const older = await linkAll(rig)
      await append(rig, 10, 15)
      const newer = await linkAll(rig)
      await sql(`delete from audit_events where id between 'evt_0010' and 'evt_0014'`)
      await sql(`delete from audit_links where sequence > ${older.sequence}`)
      await sql(
        `update audit_chain set sequence = ${older.sequence}, hash = '${older.hash}', signature = '${older.signature}'`,
      )
      assert.equal((await verify(rig)).problem, undefined, 'the database alone cannot tell')
      const path = `/api/v1/audit-chain/verify?place=${placeText(newer)}`
      const answered = await ask(rig, path)
      assert.deepEqual(answered.problem, {
        reason: 'went_back',
        sequence: older.sequence,
        eventId: null,
      })
      // A process that saw it does not go on either.
      const step = await linkEvents(rig.services, newer)
      assert.deepEqual(step, {
        kind: 'broken',
        fault: { reason: 'went_back', sequence: older.sequence },
      })
    })

    it('finds a chain that was computed anew without our key, at its first link (I12)', async (t) => {
      const { rig, sql } = await openBench(t, kind)
      await sql(`update audit_events set actor_id = 'nobody' where id = 'evt_0006'`)
      const sequence = await sequenceOf(sql, 'evt_0006')
      const links = await rig.services.storage.listAuditLinks(0, 50)
      const own = createKeyRing([new Secret(newSecretKey())])
      const keyId = rig.services.keyRing.keyIds[0] ?? ''
      const forge = (text: string) =>
        own.sign('audit-chain', text).replace(own.keyIds[0] ?? '', keyId)
      let hash = links[sequence - 2]?.hash ?? ''
      for (const link of links.slice(sequence - 1)) {
        hash = sha256(JSON.stringify(['v1', link.sequence, hash, link.event?.content]))
        const signature = forge(JSON.stringify(['link', link.sequence, hash]))
        await sql(
          `update audit_links set hash = '${hash}', signature = '${signature}' where sequence = ${link.sequence}`,
        )
      }
      const head = JSON.stringify(['head', 0, links.length, hash, 0, ''])
      await sql(`update audit_chain set hash = '${hash}', signature = '${forge(head)}'`)
      const { problem } = await verify(rig)
      assert.deepEqual(problem, { reason: 'forged', sequence, eventId: 'evt_0006' })
      // With the old signatures left in place, and with the id of a key that does not exist.
      await sql(
        `update audit_links set signature = replace(signature, '${keyId}', '00000000') where sequence >= ${sequence}`,
      )
      assert.deepEqual((await verify(rig)).problem, { reason: 'head_forged', sequence: 11 })
    })

    it('finds an event that came past it, and one that vanished before it was linked (I12)', async (t) => {
      const { rig, sql } = await openBench(t, kind)
      await append(rig, 10, 12)
      await sql(`delete from audit_unlinked where event_id = 'evt_0011'`)
      assert.deepEqual((await verify(rig)).problem, { reason: 'not_linked', eventId: 'evt_0011' })
      await sql(`delete from audit_events where id = 'evt_0010'`)
      const { problem } = await verify(rig)
      assert.deepEqual(problem, { reason: 'event_missing', eventId: 'evt_0010' })
    })

    it('builds nothing on what was tampered with, says so once, and goes on after a restart that is audited', async (t) => {
      const { rig, sql } = await openBench(t, kind)
      await sql(`update audit_chain set sequence = 3`)
      await append(rig, 10, 12)
      const step = await linkEvents(rig.services, undefined)
      assert.deepEqual(step, { kind: 'broken', fault: { reason: 'forged', sequence: 3 } })
      const { kind: resigned } = await resignHead(rig.services)
      assert.equal(resigned, 'broken')

      const restarted = await rig.entrada.fetch(
        new Request(`${SERVER_URL}/api/v1/audit-chain/restart`, {
          method: 'POST',
          headers: { ...asOperator, 'content-type': 'application/json' },
          body: JSON.stringify({ reason: 'looked into it' }),
        }),
      )
      assert.equal(restarted.status, 204)
      await linkAll(rig)
      const { problem, links } = await verify(rig)
      assert.deepEqual({ problem, links }, { problem: undefined, links: 3 })
      const [event] = await auditEvents(rig, { type: 'audit_chain.restarted' })
      assert.deepEqual(event?.detail, { reason: 'looked into it', behind: 11 })
      assert.equal(event?.actor.kind, 'operator')
    })

    it('goes through a change of keys: the end is signed again, older links stay vouched for (I12, I02)', async (t) => {
      const [older, newer] = [new Secret(newSecretKey()), new Secret(newSecretKey())]
      const { rig, sql } = await openBench(t, kind, { secretKeys: [older] })
      const under = (...keys: Secret[]) => ({ ...rig.services, keyRing: createKeyRing(keys) })
      const moved = under(newer, older)
      assert.equal((await resignHead(moved)).kind, 'done')
      await append(rig, 10, 13)
      await linkEvents(moved, undefined)

      const alone = under(newer)
      const verified = await verifyAuditTrail(alone, undefined, 5_000)
      assert.equal(verified.problem, undefined)
      assert.deepEqual([verified.links, verified.keyMissing], [14, 11])
      const before = await verifyAuditTrail(under(older), undefined, 5_000)
      assert.equal(before.problem?.reason, 'head_key_missing')
      // What was linked under the removed key is still held by what came after.
      await sql(`update audit_events set actor_id = 'nobody' where id = 'evt_0002'`)
      const { problem } = await verifyAuditTrail(alone, undefined, 5_000)
      assert.equal(problem?.sequence, await sequenceOf(sql, 'evt_0002'))
    })

    it('is cut, signed, where events are older than they are kept; a cut of somebody else is found (I12)', async (t) => {
      const { rig, sql } = await openBench(t, kind)
      rig.clock.advanceSeconds(10 * 86_400)
      await append(rig, 10, 14)
      await linkAll(rig)
      const before = new Date(rig.clock.now().getTime() - 5 * 86_400_000)
      const step = await cutChain(rig.services, before)
      assert.ok(step.kind === 'done' && step.count === 11)
      assert.equal((await auditEvents(rig)).length, 4)
      const { problem, links } = await verify(rig)
      assert.deepEqual({ problem, links }, { problem: undefined, links: 4 })
      assert.ok(((await cutChain(rig.services, before)) as { count?: number }).count === 0)

      await sql(`delete from audit_events where id = 'evt_0010'`)
      await sql('delete from audit_links where sequence = 12')
      assert.deepEqual((await verify(rig)).problem, { reason: 'link_missing', sequence: 12 })
      await sql(
        `update audit_chain set cut_sequence = 12, cut_hash = (select hash from audit_links where sequence = 13)`,
      )
      assert.equal((await verify(rig)).problem?.sequence, 13)
    })

    it('is not cut over a change: old events that were tampered with stay to be found', async (t) => {
      const { rig, sql } = await openBench(t, kind)
      await sql(`update audit_events set actor_id = 'nobody' where id = 'evt_0002'`)
      rig.clock.advanceSeconds(86_400)
      const sequence = await sequenceOf(sql, 'evt_0002')
      assert.deepEqual(await cutChain(rig.services, rig.clock.now()), {
        kind: 'broken',
        fault: { reason: 'changed', sequence },
      })
      assert.equal((await auditEvents(rig)).length, 11)
    })

    it('keeps what is still to be delivered to the application', async (t) => {
      const { rig } = await openBench(t, kind)
      await appendOne(rig, newEvent(20, rig.clock.now()), { toOutbox: true })
      await append(rig, 21, 23)
      await linkAll(rig)
      rig.clock.advanceSeconds(86_400)
      const step = await cutChain(rig.services, rig.clock.now())
      assert.ok(step.kind === 'done')
      assert.deepEqual((await auditEvents(rig)).map(({ id }) => id).reverse(), [
        'evt_0020',
        'evt_0021',
        'evt_0022',
      ])
    })

    it('is extended by one of several at a time, without gap or repeat, while events are written', async (t) => {
      const { rig } = await openBench(t, kind)
      const others = [1, 2].map(() => createEntrada(rig.options))
      t.after(() => Promise.all(others.map((other) => other.close())))
      // Opens them: each links in the background too.
      for (const other of others) await other.fetch(new Request(`${SERVER_URL}/readyz`))
      let writing = true
      const linkers = Array.from({ length: 4 }, async () => {
        while (writing) await linkEvents(rig.services, undefined)
      })
      await Promise.all([append(rig, 100, 160), append(rig, 200, 260), append(rig, 300, 360)])
      writing = false
      await Promise.all(linkers)
      await linkAll(rig)
      const { problem, links, waiting } = await verify(rig)
      assert.deepEqual({ problem, links, waiting }, { problem: undefined, links: 191, waiting: 0 })
    })
  })
}

describe('GET /api/v1/audit-chain/verify', () => {
  it('is for operators, refuses what it does not know, and changes nothing', async (t) => {
    const { rig } = await openBench(t, 'sqlite')
    const url = `${SERVER_URL}/api/v1/audit-chain/verify`
    const status = async (query: string, headers: Record<string, string>) => {
      const response = await rig.entrada.fetch(new Request(url + query, { headers }))
      return [response.status, await codeOf(response)]
    }
    assert.deepEqual(await status('', {}), [401, 'sign_in_required'])
    for (const query of [
      '?from=x',
      '?place=1.2',
      '?nothing=1',
      '?from=event.&from=event.',
      `?place=${'9'.repeat(5000)}`,
    ]) {
      assert.deepEqual(await status(query, asOperator), [400, 'request_invalid'], query)
    }
    const before = await rig.services.storage.findAuditChainHead()
    const first = await ask(rig, '/api/v1/audit-chain/verify')
    assert.deepEqual([first.problem, first.links, first.next], [null, 11, 'event.'])
    const last = await ask(rig, '/api/v1/audit-chain/verify?from=event.')
    assert.deepEqual([last.problem, last.events, last.next], [null, 11, null])
    assert.deepEqual(await rig.services.storage.findAuditChainHead(), before)
  })
})

async function ask(rig: Still, path: string): Promise<Record<string, unknown>> {
  const request = new Request(`${SERVER_URL}${path}`, { headers: asOperator })
  return (await (await rig.entrada.fetch(request)).json()) as Record<string, unknown>
}

async function swapIds(sql: Statement, table: string, column: string): Promise<void> {
  await sql(`update ${table} set ${column} = 'evt_swap' where ${column} = 'evt_0003'`)
  await sql(`update ${table} set ${column} = 'evt_0003' where ${column} = 'evt_0007'`)
  await sql(`update ${table} set ${column} = 'evt_0007' where ${column} = 'evt_swap'`)
}

/** A change of `evt_0004` that is taken back. */
async function undoing<T>(sql: Statement, change: string, look: () => Promise<T>): Promise<T> {
  await sql(`create table kept as select * from audit_events where id = 'evt_0004'`)
  await sql(change)
  try {
    return await look()
  } finally {
    await sql(`delete from audit_events where id = 'evt_0004'`)
    await sql('insert into audit_events select * from kept')
    await sql(`delete from audit_unlinked where event_id = 'evt_0004'`)
    await sql('drop table kept')
  }
}
