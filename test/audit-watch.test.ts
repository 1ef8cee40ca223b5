/** The audit trail is verified in the background: events that were altered long after they were linked are found without a request. */
import assert from 'node:assert/strict'
import { dirname, join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { audit } from '../src/audit/audit.ts'
import { linkEvents } from '../src/audit/extend-audit-chain.ts'
import { createAuditWatch, stretchOf } from '../src/audit/watch-audit-chain.ts'
import { createLog } from '../src/log/log.ts'
import { openServices } from '../src/open-services.ts'
import type { Services } from '../src/services.ts'
import { openSqliteConnection } from '../src/storage/sqlite.ts'
import { openOperator } from './support/admin-pages.ts'
import { examineWith } from './support/examined.ts'
import { newDatabaseFile } from './support/replicas.ts'
import { OPERATOR_TOKEN, people, type Rig, SERVER_URL } from './support/rig.ts'
import { asOperator, openRig } from './support/steps.ts'
import { run } from './support/transcript.ts'

const LONGEST_WAIT_MS = 20_000

/** A server without background work, whose sign-in is linked, and a way into its database past it. */
async function openLinked(t: TestContext) {
  const path = await newDatabaseFile(t)
  const rig = await openRig(t, { database: path, withoutBackgroundWork: true })
  await rig.signIn(people.alice)
  await link(rig.services)
  const { handle } = openSqliteConnection(path)
  t.after(() => handle.isOpen && handle.close())
  handle.exec('pragma busy_timeout = 2000')
  return { rig, path, handle, watch: createAuditWatch(rig.services, 'one') }
}

async function link(services: Services): Promise<void> {
  for (let count = 1; count > 0; ) {
    const step = await linkEvents(services, undefined)
    count = step.kind === 'done' ? step.count : 0
  }
}

/** Further events, linked. */
async function addEvents({ services }: Rig, count: number): Promise<void> {
  for (let left = count; left > 0; left -= 100) {
    await services.storage.atomically(async (transaction) => {
      for (let n = 0; n < Math.min(left, 100); n += 1) {
        const event = { type: 'key_ring.rotated', detail: { resealed: n } } as const
        const caller = { actor: { kind: 'operator', id: 'test' } } as const
        await audit(services, transaction, { caller, event })
      }
    })
  }
  await link(services)
}

/** Changes an event like an attacker who can write to the database and has no key. */
const ALTER = "update audit_events set detail = '{}' where id = (select min(id) from audit_events)"

const eventsNamed = (lines: readonly string[], name: string) =>
  lines
    .map((line) => JSON.parse(line) as Readonly<Record<string, unknown>>)
    .filter(({ event }) => event === name)

async function metric({ entrada }: Rig, name: string): Promise<number | undefined> {
  const request = new Request(`${SERVER_URL}/metrics`, { headers: asOperator })
  const text = await (await entrada.fetch(request)).text()
  const [, value] = new RegExp(`^${name} (\\S+)$`, 'm').exec(text) ?? []
  return value === undefined ? undefined : Number(value)
}

describe('the background verification of the audit trail', () => {
  it('finds an event that was altered after it was linked, and logs and counts it (O13)', async (t) => {
    const { rig, handle, watch } = await openLinked(t)
    await watch.step()
    assert.equal(await metric(rig, 'entrada_audit_chain_intact'), 1)
    assert.equal(
      await metric(rig, 'entrada_audit_verified_timestamp_seconds'),
      rig.clock.now().getTime() / 1000,
    )
    assert.equal(eventsNamed(rig.logLines, 'audit_chain_verified').length, 1)
    handle.exec(ALTER)
    rig.clock.advanceSeconds(30)
    await watch.step()
    const [line] = eventsNamed(rig.logLines, 'audit_chain_broken')
    assert.deepEqual([line?.reason, line?.sequence, line?.foundBy], ['changed', 1, 'verification'])
    assert.equal(await metric(rig, 'entrada_audit_chain_intact'), 0)
    assert.equal(await metric(rig, 'entrada_audit_chain_broken_total'), 1)
  })

  it('finds it after a restart too, by itself (O13)', async (t) => {
    const { rig, handle } = await openLinked(t)
    await rig.services.close()
    handle.exec(ALTER)
    const lines: string[] = []
    const log = createLog('info', { write: (line) => void lines.push(line) })
    const restarted = await openServices({ ...rig.options, log })
    t.after(() => restarted.close())
    const endsAt = performance.now() + LONGEST_WAIT_MS
    while (eventsNamed(lines, 'audit_chain_broken').length === 0) {
      assert.ok(performance.now() < endsAt, 'nothing was found')
      await sleep(50)
    }
    assert.equal(eventsNamed(lines, 'audit_chain_broken')[0]?.reason, 'changed')
  })

  it('repeats it once an hour while it lasts, and not after the chain was begun anew (O13)', async (t) => {
    const { rig, handle, watch } = await openLinked(t)
    handle.exec(ALTER)
    for (let step = 0; step < 121; step += 1) {
      await watch.step()
      rig.clock.advanceSeconds(30)
    }
    assert.equal(eventsNamed(rig.logLines, 'audit_chain_broken').length, 2)
    const caller = { actor: { kind: 'operator', id: 'test' } } as const
    await rig.entrada.api.restartAuditChain(caller, 'looked into it')
    await watch.step()
    assert.equal(await metric(rig, 'entrada_audit_chain_intact'), 1)
  })

  it('looks at a bounded stretch in each step, and goes on there after a restart (O13)', async (t) => {
    const { rig, handle } = await openLinked(t)
    await addEvents(rig, 1_400)
    let looked = 0
    const storage = {
      ...rig.services.storage,
      listAuditLinks: async (after: number, limit: number) => {
        const links = await rig.services.storage.listAuditLinks(after, limit)
        looked += links.length
        return links
      },
    }
    const services = { ...rig.services, storage }
    handle.exec(
      "update audit_events set detail = '[]' where id = (select max(id) from audit_events)",
    )
    const steps: number[] = []
    for (let step = 0; step < 4 && steps.length < 4; step += 1) {
      const watch = createAuditWatch(services, 'one')
      looked = 0
      await watch.step()
      steps.push(looked)
      await watch.leave()
    }
    assert.ok(
      steps.every((links) => links <= 700),
      steps.join(),
    )
    assert.equal(eventsNamed(rig.logLines, 'audit_chain_broken').length > 0, true, steps.join())
  })

  it('is through within a day, up to ten million events (O13)', () => {
    const stepsInADay = 86_400 / 30
    for (const links of [0, 10, 1_000, 300_000, 10_000_000]) {
      // Links first, then events.
      assert.ok((2 * links) / stretchOf(links) <= stepsInADay, String(links))
      assert.ok(stretchOf(links) <= 10_000)
    }
  })

  it('is one replica at a time; another goes on when that one has left (O13)', async (t) => {
    const { rig, watch: one } = await openLinked(t)
    let reads = 0
    const storage = {
      ...rig.services.storage,
      listAuditLinks: async (after: number, limit: number) => {
        reads += 1
        return rig.services.storage.listAuditLinks(after, limit)
      },
    }
    const other = createAuditWatch({ ...rig.services, storage }, 'other')
    await one.step()
    await other.step()
    assert.equal(reads, 0)
    await one.leave()
    rig.clock.advanceSeconds(5 * 60)
    await other.step()
    assert.ok(reads > 0)
  })

  it('writes four times an hour at most while nothing is found (O13)', async (t) => {
    const { rig, handle, watch } = await openLinked(t)
    const version = () => Number(handle.prepare('pragma data_version').get()?.data_version)
    await watch.step()
    let writes = 0
    for (let step = 0; step < 120; step += 1) {
      const before = version()
      rig.clock.advanceSeconds(30)
      await watch.step()
      if (version() !== before) writes += 1
    }
    // Results, and the lease.
    assert.ok(writes <= 9, String(writes))
  })

  it('takes no result that was not signed with a key of the ring (O13)', async (t) => {
    const { rig, handle, watch } = await openLinked(t)
    handle.exec(ALTER)
    await watch.step()
    const state = JSON.stringify({
      startedAt: rig.clock.now(),
      links: 0,
      completed: { at: rig.clock.now(), links: 9 },
    })
    handle
      .prepare('update audit_verification set state = ?, signature = ?')
      .run(state, 'v1.00000000.AAAA')
    assert.equal(await metric(rig, 'entrada_audit_chain_intact'), undefined)
  })
})

describe('what the background verification found', () => {
  it('is on the pages of operators and at the doctor (O13)', async (t) => {
    const { rig, handle, path, watch } = await openLinked(t)
    const operator = await openOperator(rig)
    const pageAt = async (address: string) => (await operator.visit(SERVER_URL + address)).text
    assert.match(await pageAt('/admin/audit'), /there is no result yet/)
    await watch.step()
    assert.match(await pageAt('/admin/audit'), /linked events are as they were written/)
    const environment = {
      ENTRADA_DATA_DIR: dirname(path),
      ENTRADA_SECRET_KEYS: rig.options.secretKeys?.map((key) => key.reveal()).join(','),
    }
    assert.equal(join(dirname(path), 'entrada.db'), path)
    // The clock of the rig is stopped, long before the doctor's.
    const old = await examineWith(environment, '--only', 'database')
    assert.equal(old.find('audit_trail_verified_long_ago').severity, 'warning')
    handle.exec(ALTER)
    rig.clock.advanceSeconds(30)
    await watch.step()
    assert.match(await pageAt('/admin/audit'), /not as it was written/)
    assert.match(await pageAt('/admin'), /audit trail is not as it was written/)
    const altered = await examineWith(environment, '--only', 'database')
    assert.match(altered.find('audit_trail_altered').what, /\(changed, at link 1\)/)
  })

  it('is not known before the first day is over, which the doctor only notes (O13)', async (t) => {
    const { path, rig } = await openLinked(t)
    const environment = {
      ENTRADA_DATA_DIR: dirname(path),
      ENTRADA_SECRET_KEYS: rig.options.secretKeys?.map((key) => key.reveal()).join(','),
      ENTRADA_OPERATOR_TOKEN: OPERATOR_TOKEN,
    }
    const { find, exitCode } = await examineWith(environment, '--only', 'database')
    assert.equal(find('audit_trail_not_verified').severity, 'info')
    assert.equal(exitCode, 0)
    assert.equal((await run(['audit', 'verify'], environment)).exitCode, 0)
  })
})
