/** The audit chain as a server keeps it by itself, and as operators ask for it. */
import assert from 'node:assert/strict'
import { dirname } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { verifyAuditTrail } from '../src/audit/verify-audit-chain.ts'
import { createEntrada } from '../src/entrada.ts'
import { newSecretKey } from '../src/keys/key-ring.ts'
import { openServices } from '../src/open-services.ts'
import { openSqliteConnection } from '../src/storage/sqlite.ts'
import { newDatabaseFile } from './support/replicas.ts'
import { OPERATOR_TOKEN, people, type Rig, type RigOptions, SERVER_URL } from './support/rig.ts'
import { asOperator, auditEvents, openRig } from './support/steps.ts'
import { run } from './support/transcript.ts'

const LONGEST_WAIT_MS = 20_000
const A_DAY = 86_400

async function openKept(t: TestContext, options: RigOptions = {}) {
  const path = await newDatabaseFile(t)
  const rig = await openRig(t, { database: path, ...options })
  const { handle } = openSqliteConnection(path)
  t.after(() => handle.isOpen && handle.close())
  handle.exec('pragma busy_timeout = 2000')
  return { rig, path, handle }
}

/** The background work looks once a second; a machine that is busy may take longer. */
async function until(condition: () => Promise<boolean> | boolean): Promise<void> {
  const endsAt = performance.now() + LONGEST_WAIT_MS
  while (!(await condition())) {
    assert.ok(performance.now() < endsAt, 'nothing happened')
    await sleep(50)
  }
}

const eventsNamed = ({ logLines }: Rig, name: string) =>
  logLines
    .map((line) => JSON.parse(line) as Readonly<Record<string, unknown>>)
    .filter(({ event }) => event === name)

async function metric({ entrada }: Rig, name: string): Promise<number> {
  const request = new Request(`${SERVER_URL}/metrics`, { headers: asOperator })
  const text = await (await entrada.fetch(request)).text()
  return Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1])
}

describe('a server', () => {
  it('links what was audited by itself, and writes no more when nothing waits (I12)', async (t) => {
    const { rig, handle } = await openKept(t)
    await rig.signIn(people.alice)
    await until(async () => !(await rig.services.storage.hasUnlinkedEvents()))
    assert.equal(await metric(rig, 'entrada_audit_events_unlinked'), 0)
    const { problem, links } = await verifyAuditTrail(rig.services, undefined, 5_000)
    assert.equal(problem, undefined)
    assert.equal(links, (await auditEvents(rig)).length)
    const version = () => handle.prepare('pragma data_version').get()?.data_version
    const before = version()
    await sleep(2_500)
    assert.equal(version(), before)
  })

  it('says that the chain is broken, goes on signing people in, and links nothing to it (I12)', async (t) => {
    const { rig, handle } = await openKept(t)
    await rig.signIn(people.alice)
    await until(async () => !(await rig.services.storage.hasUnlinkedEvents()))
    const links = () => handle.prepare('select count(*) as links from audit_links').get()?.links
    const before = links()
    handle.exec('update audit_chain set sequence = sequence - 1')
    assert.equal((await rig.signIn(people.bob)).response.status, 200)
    await until(() => eventsNamed(rig, 'audit_chain_broken').length > 0)
    const [told] = eventsNamed(rig, 'audit_chain_broken')
    assert.deepEqual([told?.level, told?.reason], ['error', 'forged'])
    assert.equal(await metric(rig, 'entrada_audit_chain_broken_total'), 1)
    await sleep(1_500)
    assert.equal(eventsNamed(rig, 'audit_chain_broken').length, 1, 'once, not each second')
    assert.equal(links(), before)
    assert.ok((await metric(rig, 'entrada_audit_events_unlinked')) > 0)
  })

  it('remembers where the chain was: an older state that is put back under it is told (I12)', async (t) => {
    const { rig, handle } = await openKept(t)
    await rig.signIn(people.alice)
    await until(async () => !(await rig.services.storage.hasUnlinkedEvents()))
    const older = handle.prepare('select * from audit_chain').get() ?? {}
    await rig.signIn(people.bob)
    await until(async () => !(await rig.services.storage.hasUnlinkedEvents()))
    await until(async () => (await rig.services.storage.findAuditChainHead())?.hash !== older.hash)
    handle.exec(`delete from audit_links where sequence > ${older.sequence}`)
    handle.exec(
      `update audit_chain set sequence = ${older.sequence}, hash = '${older.hash}', signature = '${older.signature}'`,
    )
    await rig.signIn(people.alice)
    await until(() => eventsNamed(rig, 'audit_chain_broken').length > 0)
    assert.equal(eventsNamed(rig, 'audit_chain_broken')[0]?.reason, 'went_back')
  })

  it('links what is left when it stops, logs the place, and removes what is older than is kept (I12)', async (t) => {
    const { rig, path } = await openKept(t, { auditRetentionDays: 30 })
    await rig.signIn(people.alice)
    await rig.entrada.close()
    const place = String(eventsNamed(rig, 'audit_chain_place').at(-1)?.place)
    assert.match(place, /^0\.\d+\.[0-9a-f]{64}$/)

    rig.clock.advanceSeconds(31 * A_DAY)
    const services = await openServices(rig.options)
    const later = createEntrada(rig.options, services)
    await services.storage.atomically((transaction) =>
      transaction.appendAuditEvent(
        {
          id: 'evt_new',
          at: rig.clock.now(),
          type: 'user.enabled',
          actor: { kind: 'system' },
          detail: {},
        },
        { toOutbox: false },
      ),
    )
    await later.close()
    const { handle } = openSqliteConnection(path)
    const left = handle.prepare('select id from audit_events').all()
    handle.close()
    assert.deepEqual(
      left.map(({ id }) => id),
      ['evt_new'],
    )
    const environment = {
      ENTRADA_DATA_DIR: dirname(path),
      ENTRADA_SECRET_KEYS: rig.options.secretKeys[0]?.reveal(),
    }
    const verified = await run(['audit', 'verify', '--place', place], {
      ...environment,
      ENTRADA_OPERATOR_TOKEN: OPERATOR_TOKEN,
    })
    assert.equal(verified.exitCode, 0, verified.lines.join('\n'))
    assert.match(
      verified.printed[0] ?? '',
      /^audit trail: 1 linked events are as they were written/,
    )
  })
})

describe('entrada audit verify', () => {
  it('names the first bad place and what it means, with exit code 1; and again as JSON (I12)', async (t) => {
    const { rig, path, handle } = await openKept(t)
    await rig.signIn(people.alice)
    await rig.entrada.close()
    const [event] = handle.prepare('select event_id from audit_links where sequence = 2').all()
    handle.exec(`update audit_events set actor_id = 'nobody' where id = '${event?.event_id}'`)
    const environment = {
      ENTRADA_DATA_DIR: dirname(path),
      ENTRADA_SECRET_KEYS: rig.options.secretKeys[0]?.reveal(),
      ENTRADA_OPERATOR_TOKEN: OPERATOR_TOKEN,
    }
    const { exitCode, lines } = await run(['audit', 'verify'], environment)
    assert.equal(exitCode, 1)
    assert.match(lines[0] ?? '', /as it was written at link 2 \(evt_[\w-]+\): changed$/)
    const asJson = await run(['audit', 'verify', '--json'], environment)
    assert.equal(asJson.exitCode, 1)
    const report = JSON.parse(asJson.printed.join(''))
    assert.deepEqual([report.intact, report.problem.sequence], [false, 2])

    assert.equal((await run(['audit', 'restart'], environment)).exitCode, 2)
    assert.equal((await run(['audit', 'restart', '--reason', 'looked'], environment)).exitCode, 0)
    assert.equal((await run(['audit', 'verify'], environment)).exitCode, 0)
    const lost = { ...environment, ENTRADA_SECRET_KEYS: newSecretKey() }
    assert.match((await run(['audit', 'verify'], lost)).lines[0] ?? '', /head_key_missing$/)
  })
})
