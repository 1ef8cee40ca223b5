/** Parts of a request that are repeated, on a real server: each is handled as docs/inputs.md describes. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import { describe, it, type TestContext } from 'node:test'
import { startHttpServer } from '../src/cli/http-server.ts'
import { createRawVerify } from '../src/forward-auth/raw-verify.ts'
import { OPERATOR_TOKEN, people, SERVER_URL } from './support/rig.ts'
import { freePort } from './support/server-process.ts'
import { openRig, sessionCookieOf } from './support/steps.ts'

const HOST = new URL(SERVER_URL).host
const BEARER = `Authorization: Bearer ${OPERATOR_TOKEN}`

type Answered = {
  readonly status: number
  readonly code: string | undefined
  readonly text: string
}

/** Sends exactly these lines to a server, with the cookie of a signed-in user. */
async function openServer(t: TestContext) {
  const rig = await openRig(t)
  const { browser } = await rig.signIn(people.alice)
  const cookie = sessionCookieOf(browser, SERVER_URL).join('=')
  const port = await freePort()
  const first = createRawVerify(rig.services)
  const server = await startHttpServer(rig.entrada, { host: '127.0.0.1', port }, { first })
  t.after(() => server.stop())
  const send = async (line: string, headers: readonly string[], body = ''): Promise<Answered> => {
    const socket = connect(port, '127.0.0.1')
    await once(socket, 'connect')
    socket.end(
      `${[`${line} HTTP/1.1`, ...headers, 'Connection: close'].join('\r\n')}\r\n\r\n${body}`,
    )
    let text = ''
    for await (const chunk of socket.setEncoding('utf8')) text += chunk
    const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(text)?.[1])
    return {
      status,
      text,
      code: /"code":"(\w+)"/.exec(text)?.[1] ?? /<code>(\w+)</.exec(text)?.[1],
    }
  }
  return { rig, cookie, send }
}

describe('two Host headers', () => {
  for (const path of ['/auth/verify', '/auth/verify?sign_in=redirect', '/', '/api/v1/session']) {
    for (const second of [HOST, 'evil.example']) {
      it(`are refused at ${path}, also with ${second} twice (S11)`, async (t) => {
        const { send, cookie } = await openServer(t)
        const headers = [`Host: ${HOST}`, `Host: ${second}`, `Cookie: ${cookie}`]
        assert.equal((await send(`GET ${path}`, headers)).status, 400)
        assert.equal((await send(`GET ${SERVER_URL}${path}`, headers)).status, 400)
      })
    }
  }
})

describe('an address in the request line with a host of its own', () => {
  for (const path of ['/auth/verify', '/', '/api/v1/session']) {
    it(`is refused with 421 at ${path} when the host is another one, whatever Host says (S11)`, async (t) => {
      const { send, cookie } = await openServer(t)
      const headers = [`Host: ${HOST}`, `Cookie: ${cookie}`]
      for (const origin of [
        'http://evil.example',
        'https://evil.example:3000',
        `http://user@${HOST}`,
      ]) {
        const { status } = await send(`GET ${origin}${path}`, headers)
        assert.ok(
          status === 421 || (status === 400 && origin.includes('@')),
          `${origin}: ${status}`,
        )
      }
    })

    it(`is answered at ${path} when the host is ours, whatever Host says (S11)`, async (t) => {
      const { send, cookie } = await openServer(t)
      const headers = ['Host: evil.example', `Cookie: ${cookie}`]
      const { status } = await send(`GET http://${HOST}${path}`, headers)
      assert.equal(status, path === '/auth/verify' ? 204 : 200)
    })
  }

  it('is still asked for its health', async (t) => {
    const { send } = await openServer(t)
    assert.equal((await send('GET http://10.0.0.7/healthz', [`Host: ${HOST}`])).status, 200)
  })
})

describe('two cookies of one name', () => {
  it('are no session, on pages and for a proxy alike (S11)', async (t) => {
    const { send, cookie, rig } = await openServer(t)
    const [name] = cookie.split('=')
    const status = async (path: string, ...cookies: readonly string[]) =>
      (
        await send(`GET ${path}`, [
          `Host: ${HOST}`,
          ...cookies.map((cookie) => `Cookie: ${cookie}`),
        ])
      ).status
    for (const path of ['/auth/verify', '/api/v1/session']) {
      const signedIn = path === '/auth/verify' ? 204 : 200
      assert.equal(await status(path, cookie), signedIn)
      assert.equal(await status(path, `other=1; ${cookie}`), signedIn)
      assert.equal(await status(path, 'other=1', cookie), signedIn)
      for (const decoy of [`${name}=x`, cookie]) {
        assert.equal(await status(path, `${cookie}; ${decoy}`), 401)
        assert.equal(await status(path, `${decoy}; ${cookie}`), 401)
        assert.equal(await status(path, decoy, cookie), 401)
      }
    }
    assert.equal((await rig.services.storage.countLive(rig.clock.now())).sessions, 1)
  })
})

describe('a header with one value that comes twice', () => {
  const post = ['POST /api/v1/organizations', '{"name":"Other"}'] as const
  const json = 'Content-Type: application/json'
  const twice: Readonly<Record<string, readonly [string, string]>> = {
    Authorization: [BEARER, BEARER],
    'Content-Type': [json, json],
    'Idempotency-Key': ['Idempotency-Key: a', 'Idempotency-Key: b'],
    'Entrada-Managed-By': ['Entrada-Managed-By: api', 'Entrada-Managed-By: file'],
    'Content-Encoding': ['Content-Encoding: identity', 'Content-Encoding: identity'],
    'Content-Length': ['Content-Length: 16', 'Content-Length: 16'],
  }
  for (const [name, lines] of Object.entries(twice)) {
    it(`is refused: ${name} (S11)`, async (t) => {
      const { send, rig } = await openServer(t)
      const [line, body] = post
      const once = [`Host: ${HOST}`, BEARER, json, `Content-Length: ${body.length}`]
      const others = once.filter((line) => !line.toLowerCase().startsWith(name.toLowerCase()))
      const answer = await send(line, [...others, ...lines], body)
      assert.equal(answer.status, 400, answer.text)
      if (name !== 'Content-Length') assert.equal(answer.code, 'request_invalid')
      const { items } = await rig.services.storage.listOrganizations({ limit: 9 })
      assert.equal(items.length, 1)
      assert.equal((await send(line, once, body)).status, 201)
    })
  }

  it('is a list where it is one: If-Match, of which one has to match (S11)', async (t) => {
    const { send } = await openServer(t)
    const read = await send('GET /api/v1/organizations/default', [`Host: ${HOST}`, BEARER])
    const etag = /etag: (.+)\r/i.exec(read.text)?.[1] ?? ''
    const patch = async (...tags: readonly string[]) => {
      const headers = [`Host: ${HOST}`, BEARER, json, 'Content-Length: 14']
      const conditions = tags.map((tag) => `If-Match: ${tag}`)
      return (
        await send(
          'PATCH /api/v1/organizations/default',
          [...headers, ...conditions],
          '{"name":"New"}',
        )
      ).status
    }
    assert.equal(await patch('"other"', '"another"'), 412)
    assert.equal(await patch(`W/${etag}`), 412)
    for (const unclear of ['other', '*, "other"', '"other" "another"', '']) {
      assert.equal(await patch(unclear), 400, unclear)
    }
    assert.equal(await patch('"other"', etag), 200)
  })
})
