import assert from 'node:assert/strict'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { describe, it, type TestContext } from 'node:test'
import { createTxtResolver } from './dns-txt.ts'

/** What a name server of ours answers: records of several strings each, a response code, or nothing at all. */
type Zone = Readonly<Record<string, readonly (readonly string[])[] | number | 'silence'>>

describe('createTxtResolver', () => {
  const long = 'x'.repeat(300)
  const zone: Zone = {
    'found.example': [['entrada-domain-verification=abc'], ['v=spf1 -all']],
    'split.example': [[long.slice(0, 255), long.slice(255)]],
    'empty.example': [],
    'absent.example': 3,
    'broken.example': 2,
    'refused.example': 5,
    'silent.example': 'silence',
  }

  it('answers the text of every record, its strings put together', async (t) => {
    const resolveTxt = await resolverFor(t, zone)
    assert.deepEqual(await resolveTxt('found.example'), [
      'entrada-domain-verification=abc',
      'v=spf1 -all',
    ])
    assert.deepEqual(await resolveTxt('split.example'), [long])
  })

  it('answers nothing where DNS says that there is nothing', async (t) => {
    const resolveTxt = await resolverFor(t, zone)
    assert.deepEqual(await resolveTxt('empty.example'), [])
    assert.deepEqual(await resolveTxt('absent.example'), [])
  })

  for (const name of ['broken.example', 'refused.example', 'silent.example']) {
    it(`does not take a failure for an answer: ${name}`, async (t) => {
      const resolveTxt = await resolverFor(t, zone)
      await assert.rejects(resolveTxt(name), { code: 'dns_unavailable' })
    })
  }

  it('gives up in time', async (t) => {
    const resolveTxt = await resolverFor(t, zone)
    const startedAt = performance.now()
    await assert.rejects(resolveTxt('silent.example'), { code: 'dns_unavailable' })
    assert.ok(performance.now() - startedAt < 2_000)
  })

  it('does not take a name that is none for an absent one', async (t) => {
    const resolveTxt = await resolverFor(t, zone)
    await assert.rejects(resolveTxt(`${'a'.repeat(64)}.example`), { code: 'dns_unavailable' })
  })
})

async function resolverFor(t: TestContext, zone: Zone) {
  const server = createSocket('udp4')
  server.on('message', (query, { port, address }) => {
    const reply = replyTo(query, zone)
    if (reply) server.send(reply, port, address)
  })
  server.bind(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => server.close())
  const servers = [`127.0.0.1:${server.address().port}`]
  return createTxtResolver({ servers, timeLimitMs: 400 })
}

/** @see RFC 1035 §4.1 */
function replyTo(query: Buffer, zone: Zone): Buffer | undefined {
  const { name, end } = readName(query)
  const found = zone[name] ?? 3
  if (found === 'silence') return undefined
  const [code, records] = typeof found === 'number' ? [found, []] : [0, found]
  const header = Buffer.alloc(12)
  query.copy(header, 0, 0, 2)
  header.writeUInt16BE(0x8180 | code, 2)
  header.writeUInt16BE(1, 4)
  header.writeUInt16BE(records.length, 6)
  return Buffer.concat([header, query.subarray(12, end + 4), ...records.map(toRecord)])
}

function readName(query: Buffer): { readonly name: string; readonly end: number } {
  const labels: string[] = []
  let at = 12
  for (let length = query[at] ?? 0; length > 0; length = query[at] ?? 0) {
    labels.push(query.toString('latin1', at + 1, at + 1 + length))
    at += 1 + length
  }
  return { name: labels.join('.').toLowerCase(), end: at + 1 }
}

/** The name by reference to the question, type TXT, class IN. */
function toRecord(strings: readonly string[]): Buffer {
  const data = Buffer.concat(
    strings.map((text) => Buffer.concat([Buffer.of(text.length), Buffer.from(text)])),
  )
  const head = Buffer.from([0xc0, 12, 0, 16, 0, 1, 0, 0, 0, 60, 0, 0])
  head.writeUInt16BE(data.length, 10)
  return Buffer.concat([head, data])
}
