/** Connections that clients keep open without a request: they are closed, and other clients do not notice them. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { describe, it, type TestContext } from 'node:test'
import { startHttpServer } from '../../src/cli/http-server.ts'
import { openFarRig } from '../support/far-rig.ts'
import { CLIENT_ID, people } from '../support/rig.ts'
import { createSocketBrowser, freePort } from '../support/server-process.ts'

const HEADERS_MS = 2_000
const CONNECTIONS = 50

describe('fifty connections that send a header byte by byte', () => {
  it('keep nobody out, and are cut (C39)', { timeout: 30_000 }, async (t) => {
    const port = await freePort()
    const origin = `http://localhost:${port}`
    const rig = await openFarRig(t, { serverUrl: new URL(origin) })
    rig.emulator.addRedirectUri(CLIENT_ID, `${origin}/auth/entra/callback`)
    rig.emulator.signInAutomaticallyAs(people.alice)
    const limits = { headersMs: HEADERS_MS, checkEveryMs: 100, requestMs: 300_000 }
    const server = await startHttpServer(rig.entrada, { host: '127.0.0.1', port }, limits)
    t.after(() => server.stop())

    const slow = await Promise.all(Array.from({ length: CONNECTIONS }, () => openSlowly(t, port)))
    const browser = createSocketBrowser()
    const home = await browser.visit(`${origin}/auth/entra/login`)
    assert.match(home.text, /Alice/)
    assert.equal(slow.filter(({ socket }) => !socket.closed).length, CONNECTIONS)
    for (const { cut } of slow) assert.match(await cut, /^HTTP\/1\.1 408 /)
    assert.equal((await browser.visit(`${origin}/`)).url.href, `${origin}/`)
  })
})

/** A request whose headers grow by a byte now and then, and never end. */
async function openSlowly(
  t: TestContext,
  port: number,
): Promise<{ readonly socket: Socket; readonly cut: Promise<string> }> {
  const socket = connect(port, '127.0.0.1').setEncoding('utf8')
  await once(socket, 'connect')
  socket.write('GET /login HTTP/1.1\r\nHost: localhost\r\nX-Slow: ')
  const trickle = setInterval(() => socket.write('x'), 200)
  t.after(() => socket.destroy())
  let text = ''
  socket.on('data', (chunk: string) => {
    text += chunk
  })
  socket.on('error', () => {}) // a byte that crossed the end of the connection
  const cut = once(socket, 'close').then(() => text)
  cut.then(() => clearInterval(trickle))
  return { socket, cut }
}
