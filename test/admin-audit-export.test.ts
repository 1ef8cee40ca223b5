/** The audit trail as a file: whole, in bounded memory, and harmless in a spreadsheet. */
import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { csvCell } from '../src/admin/pages/csv.ts'
import { openOperator } from './support/admin-pages.ts'
import { people, type Rig, SERVER_URL } from './support/rig.ts'
import { openRig } from './support/steps.ts'

async function openScene(t: TestContext) {
  const rig = await openRig(t)
  const browser = await openOperator(rig)
  const request = (path: string, init?: RequestInit) => browser.request(SERVER_URL + path, init)
  return { rig, request }
}

async function appendEvents({ services }: Rig, count: number): Promise<void> {
  await services.storage.atomically(async (transaction) => {
    for (let n = 0; n < count; n += 1) {
      const id = `evt_many${String(n).padStart(6, '0')}` as const
      const at = new Date(services.now().getTime() + n)
      const event = {
        id,
        at,
        type: 'user.enabled',
        actor: { kind: 'system' },
        detail: { n },
      } as const
      await transaction.appendAuditEvent(event, { toOutbox: false })
    }
  })
}

describe('GET /admin/audit', () => {
  it('is filtered by type, person, connection and day', async (t) => {
    const { rig } = await openScene(t)
    await rig.signIn(people.alice)
    rig.clock.advanceSeconds(86_400)
    await rig.signIn(people.bob)
    const operator = await openOperator(rig)
    const request = (path: string) => operator.request(SERVER_URL + path)
    const read = async (query: string) => (await request(`/admin/audit?${query}`)).text()
    const bob = await read('person=bob')
    assert.match(bob, /Bob Example/)
    assert.doesNotMatch(bob, /Alice Example/)
    const firstDay = await read('from=2026-11-22&until=2026-11-22&type=sign_in.succeeded')
    assert.match(firstDay, /Alice Example/)
    assert.doesNotMatch(firstDay, /Bob Example/)
    assert.match(await read('person=nobody-at-all'), /Nothing of this kind happened/)
    assert.match(await read('connection=absent'), /Nothing of this kind happened/)
    for (const query of ['from=22.11.2026', 'until=2026-13-40', 'type=made.up']) {
      assert.equal((await request(`/admin/audit?${query}`)).status, 400, query)
    }
  })
})

describe('GET /admin/audit/export', () => {
  it('holds every event of the filter, as CSV and as JSON lines', async (t) => {
    const { rig, request } = await openScene(t)
    await appendEvents(rig, 1_001)
    const csv = await request('/admin/audit/export.csv?type=user.enabled')
    assert.equal(csv.headers.get('cache-control'), 'no-store')
    assert.match(
      csv.headers.get('content-disposition') ?? '',
      /^attachment; filename="entrada-audit-2026-11-22\.csv"$/,
    )
    const lines = (await csv.text()).split('\r\n')
    assert.equal(lines.length, 1 + 1_001 + 1)
    assert.match(lines[0] ?? '', /^\ufeff?"at","type","actor_kind"/)
    const json = await request('/admin/audit/export.jsonl?type=user.enabled')
    const events = (await json.text())
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line))
    assert.deepEqual(
      events.map(({ detail }) => detail.n),
      Array.from({ length: 1_001 }, (_, n) => 1_000 - n),
    )
    assert.equal(events[0].at, '2026-11-22T12:00:01.000Z')
  })

  it('reads on only as fast as it is taken', async (t) => {
    const { rig, request } = await openScene(t)
    await appendEvents(rig, 1_001)
    let reads = 0
    const { storage } = rig.services
    const list = storage.listAuditEvents
    t.mock.method(storage, 'listAuditEvents', (...parameters: Parameters<typeof list>) => {
      reads += 1
      return list(...parameters)
    })
    const response = await request('/admin/audit/export.jsonl?type=user.enabled')
    const reader = response.body?.getReader()
    assert.ok(reader)
    assert.equal(reads, 0)
    await reader.read()
    assert.equal(reads, 1)
    await reader.cancel()
    assert.equal(reads, 1)
  })

  it('answers a HEAD without reading anything', async (t) => {
    const { rig, request } = await openScene(t)
    const list = t.mock.method(rig.services.storage, 'listAuditEvents')
    const response = await request('/admin/audit/export.csv', { method: 'HEAD' })
    assert.equal(response.status, 200)
    assert.equal(list.mock.callCount(), 0)
  })

  it('is an empty file when nothing fits', async (t) => {
    const { request } = await openScene(t)
    assert.equal(await (await request('/admin/audit/export.jsonl?connection=absent')).text(), '')
    assert.equal(
      (await (await request('/admin/audit/export.csv?connection=absent')).text()).split('\r\n')
        .length,
      2,
    )
  })
})

describe('csvCell', () => {
  const cells: readonly (readonly [string, string])[] = [
    ['plain', '"plain"'],
    ['a "quote", and a comma', '"a ""quote"", and a comma"'],
    ['two\nlines', '"two\nlines"'],
    ['', '""'],
    ['=HYPERLINK("https://evil.example")', `"'=HYPERLINK(""https://evil.example"")"`],
    ['+1', `"'+1"`],
    ['-1+1', `"'-1+1"`],
    ['@SUM(A1)', `"'@SUM(A1)"`],
    ['\tx', `"'\tx"`],
    ['\rx', `"'\rx"`],
  ]
  for (const [text, cell] of cells) {
    it(`writes ${JSON.stringify(text)} so that no spreadsheet calculates with it (I19)`, () =>
      assert.equal(csvCell(text), cell))
  }
})

it('puts names of others into cells as text (I19)', async (t) => {
  const { rig, request } = await openScene(t)
  const userAgent = '=cmd|calc!A1'
  const browser = rig.browser()
  rig.emulator.signInAutomaticallyAs(people.alice)
  const { url } = await browser.visit(`${SERVER_URL}/auth/entra/login`)
  assert.equal(url.pathname, '/')
  const { storage, now } = rig.services
  await storage.atomically((transaction) =>
    transaction.appendAuditEvent(
      {
        id: 'evt_1',
        at: now(),
        type: 'user.enabled',
        actor: { kind: 'system' },
        userAgent,
        detail: {},
      },
      { toOutbox: false },
    ),
  )
  const text = await (await request('/admin/audit/export.csv?type=user.enabled')).text()
  assert.ok(text.includes(`"'=cmd|calc!A1"`))
})
