/** `GET /api/v1/session` of a server, on the short way and by the router: an application cannot tell which one it was. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import { describe, it, type TestContext } from 'node:test'
import { startHttpServer } from '../src/cli/http-server.ts'
import { createRawSession } from '../src/session/raw-session.ts'
import { people, SERVER_URL } from './support/rig.ts'
import { freePort } from './support/server-process.ts'
import { openRig, sessionCookieOf, signInWithToken } from './support/steps.ts'

const HOST = new URL(SERVER_URL).host
const PATH = '/api/v1/session'

async function openBoth(t: TestContext) {
  const rig = await openRig(t)
  const { browser } = await rig.signIn(people.alice)
  const cookie = sessionCookieOf(browser, SERVER_URL).join('=')
  const handler = createRawSession(rig.services)
  let answeredRaw = 0
  const counted: typeof handler = {
    takes: handler.takes,
    async answer(incoming, outgoing) {
      const outcome = await handler.answer(incoming, outgoing)
      if (outcome === 'answered') answeredRaw += 1
      return outcome
    },
  }
  const [short, long] = [await freePort(), await freePort()]
  for (const [port, limits] of [
    [short, { first: counted }],
    [long, {}],
  ] as const) {
    const server = await startHttpServer(rig.entrada, { host: '127.0.0.1', port }, limits)
    t.after(() => server.stop())
  }
  return { rig, cookie, ports: { short, long }, answeredRaw: () => answeredRaw }
}

async function send(port: number, lines: readonly string[]): Promise<string> {
  const socket = connect(port, '127.0.0.1')
  await once(socket, 'connect')
  socket.end(`${[...lines, 'Connection: close'].join('\r\n')}\r\n\r\n`)
  let text = ''
  for await (const chunk of socket.setEncoding('utf8')) text += chunk
  return comparable(text)
}

/** Without what differs between two answers to the same request, and the order of the headers. */
function comparable(answer: string): string {
  const [head = '', body = ''] = answer.split('\r\n\r\n')
  const [status = '', ...headers] = head.split('\r\n').map((line) => line.toLowerCase())
  const kept = headers.filter((line) => !/^(date|content-length|transfer-encoding):/.test(line))
  const text = body.replace(/[0-9a-f]{8}-[0-9a-f-]{27}/g, 'UUID')
  return [status, ...kept.sort(), '', text].join('\n')
}

describe('GET /api/v1/session on the short way', () => {
  it('is answered with the same headers and JSON as by the router', async (t) => {
    const { cookie, ports, answeredRaw } = await openBoth(t)
    const lines = [`GET ${PATH} HTTP/1.1`, `Host: ${HOST}`, `Cookie: ${cookie}`]
    const answer = await send(ports.short, lines)
    assert.match(answer, /^http\/1\.1 200[\s\S]*"username":"alice"/)
    assert.equal(answer, await send(ports.long, lines))
    assert.equal(answeredRaw(), 1)
  })

  it('leaves every request that is refused to the router', async (t) => {
    const { rig, cookie, ports, answeredRaw } = await openBoth(t)
    const signedIn = `Cookie: ${cookie}`
    const [name = '', value = ''] = cookie.split('=')
    const operatorBrowser = rig.browser()
    await signInWithToken(operatorBrowser, SERVER_URL)
    const operator = `Cookie: ${sessionCookieOf(operatorBrowser, SERVER_URL).join('=')}`
    const requests = {
      'no cookie': [`GET ${PATH} HTTP/1.1`, `Host: ${HOST}`],
      'an unknown token': [
        `GET ${PATH} HTTP/1.1`,
        `Host: ${HOST}`,
        `Cookie: ${name}=${'x'.repeat(43)}`,
      ],
      'the cookie twice': [
        `GET ${PATH} HTTP/1.1`,
        `Host: ${HOST}`,
        `Cookie: ${cookie}; ${name}=${value}`,
      ],
      'an operator token session': [`GET ${PATH} HTTP/1.1`, `Host: ${HOST}`, operator],
      'another host': [`GET ${PATH} HTTP/1.1`, 'Host: evil.example', signedIn],
      'two hosts': [`GET ${PATH} HTTP/1.1`, `Host: ${HOST}`, `Host: ${HOST}`, signedIn],
      'another method': [`DELETE ${PATH} HTTP/1.1`, `Host: ${HOST}`, signedIn],
    }
    for (const [what, lines] of Object.entries(requests)) {
      const answer = await send(ports.short, lines)
      assert.match(answer, /^http\/1\.1 4\d\d/, what)
      assert.equal(answer, await send(ports.long, lines), what)
    }
    assert.equal(answeredRaw(), 0)
  })

  it('looks up a cookie that is of no session as often as the router alone', async (t) => {
    const { rig, cookie, ports } = await openBoth(t)
    let found = 0
    const { findSession } = rig.services.storage
    Object.assign(rig.services.storage, {
      findSession: (...input: Parameters<typeof findSession>) => {
        found += 1
        return findSession(...input)
      },
    })
    const unknown = `Cookie: ${cookie.replace(/=.*/, `=${'x'.repeat(43)}`)}`
    const counts: number[] = []
    for (const port of [ports.short, ports.long]) {
      found = 0
      const answer = await send(port, [`GET ${PATH} HTTP/1.1`, `Host: ${HOST}`, unknown])
      assert.match(answer, /^http\/1\.1 401/)
      counts.push(found)
    }
    // Once for each key under which the cookie may be stored.
    assert.equal(counts[0], counts[1])
    assert.ok(counts[0] !== undefined && counts[0] > 0)
  })

  it('counts against the limit of the session', async (t) => {
    const { rig, cookie, ports } = await openBoth(t)
    const spent: unknown[] = []
    const { spend } = rig.services.limits
    Object.assign(rig.services.limits, {
      spend: (...use: Parameters<typeof spend>) => {
        spent.push(use[0])
        return spend(...use)
      },
    })
    await send(ports.short, [`GET ${PATH} HTTP/1.1`, `Host: ${HOST}`, `Cookie: ${cookie}`])
    assert.deepEqual(spent, ['api_session'])
  })
})
