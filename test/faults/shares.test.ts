/** One address takes as much as it can; people at other addresses sign in, and proxies get their answers (docs/shares.md). */
import { after, before, describe, it } from 'node:test'
import { createTestBrowser, type TestBrowser } from '../support/browser.ts'
import { startEntra } from '../support/fault-servers.ts'
import type { Flood } from '../support/flood.ts'
import { httpSite } from '../support/http-site.ts'
import { assertOthersGoOn, startFlood } from '../support/others.ts'
import { freePort, startServer } from '../support/server-process.ts'

const closers: (() => unknown)[] = []
const owner = { after: (close: () => unknown) => void closers.push(close) }
let origin: string
let port: number
let newBrowser: () => TestBrowser

before(async () => {
  port = await freePort()
  origin = `http://localhost:${port}`
  const { emulator, environment } = await startEntra(owner, origin)
  const server = await startServer(owner, 'serve', { port, environment })
  await server.printed(/"event":"started"/)
  newBrowser = () =>
    createTestBrowser({
      [new URL(origin).host]: httpSite(port, '127.0.0.2'),
      [new URL(emulator.origin).host]: fetch,
    })
})

after(async () => {
  for (const close of closers.reverse()) await close()
})

const floods: readonly (readonly [string, Flood['kind'], number])[] = [
  ['bodies that arrive byte by byte (A1)', 'slow_bodies', 600],
  ['headers that arrive byte by byte', 'slow_headers', 600],
  ['connections that are kept and not used', 'idle', 1_500],
  ['connections with 60 KB of headers and no end (A6)', 'large_headers', 4_000],
  ['bodies without end', 'endless_chunks', 50],
  ['bodies in thousands of chunks of a byte', 'tiny_chunks', 100],
  ['requests sent without waiting for answers', 'pipelined', 50],
  ['bodies that are announced and do not come', 'expected_continue', 600],
  ['requests to change the protocol', 'upgrades', 600],
  ['answers that nobody reads', 'answers_not_read', 300],
  ['sign-ins as fast as they are answered', 'requests', 200],
  ['questions as fast as they are answered', 'questions', 200],
]

describe('thirty addresses that send bodies byte by byte', () => {
  it('keep no other address waiting, for which a place is taken from them (A1)', async (t) => {
    const from = Array.from({ length: 30 }, (_, nth) => `127.0.3.${nth + 1}`)
    const host = new URL(origin).host
    const flood = { kind: 'slow_bodies', connections: 1_200, port, host, from, tls: false } as const
    const end = await startFlood(t, flood)
    await assertOthersGoOn(t, { origin, newBrowser })
    await end()
  })
})

describe('one address that sends as much as it can', () => {
  for (const [what, kind, connections] of floods) {
    it(`keeps no other address waiting: ${connections} times ${what}`, async (t) => {
      const host = new URL(origin).host
      const end = await startFlood(t, {
        kind,
        connections,
        port,
        host,
        from: ['127.0.0.3'],
        tls: false,
      })
      await assertOthersGoOn(t, { origin, newBrowser })
      await end()
    })
  }
})
