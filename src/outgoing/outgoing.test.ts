import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer as createPlainServer, type IncomingMessage } from 'node:http'
import { createServer } from 'node:https'
import type { AddressInfo, LookupFunction, Server } from 'node:net'
import { text } from 'node:stream/consumers'
import { describe, it, type TestContext } from 'node:test'
import { startForwardProxy } from '../../test/support/forward-proxy.ts'
import { newCertificate } from '../../test/support/https-site.ts'
import { createOutgoing } from './outgoing.ts'
import { parseNoProxy, parseProxy } from './proxies.ts'

const NAME = 'login.entra.example'
const certificate = newCertificate(NAME)
const tls = { ca: certificate.chain }

type Seen = {
  readonly method: string
  readonly url: string
  readonly headers: object
  body: string
}

/** An https server of that name on loopback, which nothing but a proxy can find. */
async function startUpstream(t: TestContext): Promise<{ port: number; seen: Seen[] }> {
  const seen: Seen[] = []
  const server = createServer(
    { cert: certificate.chain, key: certificate.key },
    async (request, answer) => {
      const { method = '', url = '', headers } = request
      seen.push({ method, url, headers, body: await text(request) })
      if (url === '/hang') return
      const status = Number(url.slice(1)) || 200
      answer.writeHead(status, { 'x-answer': 'yes', 'set-cookie': ['a=1', 'b=2'] })
      answer.end(status === 204 ? undefined : JSON.stringify({ ok: true }))
    },
  )
  return { port: await listen(t, server), seen }
}

async function listen(t: TestContext, server: Server & { closeAllConnections(): void }) {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  return (server.address() as AddressInfo).port // listening on a port
}

/** No name may be looked up here: the proxy does that. */
const noLookup: LookupFunction = (hostname, _options, callback) =>
  callback(Object.assign(new Error(`${hostname} was looked up`), { code: 'ENOTALLOWED' }), [])

describe('a request through a proxy', () => {
  it('reaches an https address whose name the proxy alone resolves, and reuses the connection (E4)', async (t) => {
    const { port, seen } = await startUpstream(t)
    const proxy = await startForwardProxy(t, { hosts: { [NAME]: port } })
    const outgoing = createOutgoing({
      proxies: { https: parseProxy(proxy.url) },
      lookup: noLookup,
      tls,
    })
    for (const body of ['grant=1', 'grant=2']) {
      const response = await outgoing.fetch(`https://${NAME}/token`, {
        method: 'POST',
        body,
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
        redirect: 'manual',
      })
      assert.equal(response.status, 200)
      assert.deepEqual(response.headers.getSetCookie(), ['a=1', 'b=2'])
      assert.deepEqual(await response.json(), { ok: true })
    }
    assert.deepEqual(
      seen.map(({ method, url, body }) => [method, url, body]),
      [
        ['POST', '/token', 'grant=1'],
        ['POST', '/token', 'grant=2'],
      ],
    )
    assert.deepEqual(proxy.asked, [`${NAME}:443`])
    assert.doesNotMatch(
      JSON.stringify(seen),
      /proxy-/i,
      'nothing of the proxy reaches the upstream',
    )
  })

  it('brings user and password of the proxy, to the proxy alone (E4)', async (t) => {
    const { port, seen } = await startUpstream(t)
    const options = { hosts: { [NAME]: port }, credentials: 'us@er:p:ss' }
    const { url, credentials } = await startForwardProxy(t, options)
    const withCredentials = url.replace('//', '//us%40er:p%3Ass@')
    const outgoing = createOutgoing({ proxies: { https: parseProxy(withCredentials) }, tls })
    assert.equal((await outgoing.fetch(`https://${NAME}/`)).status, 200)
    assert.deepEqual(credentials, [`Basic ${Buffer.from('us@er:p:ss').toString('base64')}`])
    assert.doesNotMatch(JSON.stringify(seen), /authorization/i)

    const without = createOutgoing({ proxies: { https: parseProxy(url) }, tls })
    await assert.rejects(without.fetch(`https://${NAME}/`), {
      code: 'PROXY_REFUSED',
      status: 407,
      proxy: url,
    })
  })

  it('fails with an error of its own when the proxy cannot be reached, hangs, hangs up or refuses (E4)', async (t) => {
    const attempt = (proxy: string, signal?: AbortSignal) =>
      createOutgoing({ proxies: { https: parseProxy(proxy) }, tls }).fetch(`https://${NAME}/`, {
        ...(signal ? { signal } : {}),
      })
    await assert.rejects(attempt('http://127.0.0.1:1'), { code: 'PROXY_UNREACHABLE' })
    await assert.rejects(attempt('http://proxy.invalid:3128'), { code: 'PROXY_UNREACHABLE' })
    const { url: closing } = await startForwardProxy(t, { instead: 'close' })
    await assert.rejects(attempt(closing), { code: 'PROXY_UNREACHABLE' })
    const { url: refusing } = await startForwardProxy(t)
    await assert.rejects(attempt(refusing), { code: 'PROXY_REFUSED', status: 403 })
    const { url: hanging } = await startForwardProxy(t, { instead: 'hang' })
    await assert.rejects(attempt(hanging), { code: 'PROXY_UNREACHABLE' })
    await assert.rejects(attempt(hanging, AbortSignal.timeout(50)), { name: 'TimeoutError' })
    const error = await attempt('http://user:password@127.0.0.1:1').catch((cause: Error) => cause)
    assert.doesNotMatch(`${error} ${JSON.stringify(error)}`, /password/)
  })

  it('checks the certificate of the address behind the proxy (E4)', async (t) => {
    const { port } = await startUpstream(t)
    const proxy = await startForwardProxy(t, { hosts: { [NAME]: port, 'other.example': port } })
    const proxies = { https: parseProxy(proxy.url) }
    await assert.rejects(createOutgoing({ proxies }).fetch(`https://${NAME}/`), {
      code: 'DEPTH_ZERO_SELF_SIGNED_CERT',
    })
    await assert.rejects(createOutgoing({ proxies, tls }).fetch('https://other.example/'), {
      code: 'ERR_TLS_CERT_ALTNAME_INVALID',
    })
  })

  it('asks the proxy itself for an http address (E4)', async (t) => {
    const seen: IncomingMessage[] = []
    const server = createPlainServer((request, answer) => {
      seen.push(request)
      answer.end('plain')
    })
    const port = await listen(t, server)
    const proxy = await startForwardProxy(t, { hosts: { 'receiver.internal': port } })
    const http = parseProxy(proxy.url.replace('//', '//user:word@'))
    const outgoing = createOutgoing({ proxies: { http }, lookup: noLookup })
    const response = await outgoing.fetch('http://receiver.internal/hook', {
      method: 'POST',
      body: 'event',
    })
    assert.equal(await response.text(), 'plain')
    assert.deepEqual(proxy.asked, ['http://receiver.internal/hook'])
    assert.equal(seen[0]?.headers.host, 'receiver.internal')
    const unreachable = createOutgoing({ proxies: { http: parseProxy('http://127.0.0.1:1') } })
    await assert.rejects(unreachable.fetch('http://receiver.internal/'), {
      code: 'PROXY_UNREACHABLE',
    })
  })

  it('goes on after the proxy has dropped the connections that were kept (E4)', async (t) => {
    const { port } = await startUpstream(t)
    const proxy = await startForwardProxy(t, { hosts: { [NAME]: port } })
    const outgoing = createOutgoing({ proxies: { https: parseProxy(proxy.url) }, tls })
    for (let n = 0; n < 3; n += 1) {
      const response = await outgoing.fetch(`https://${NAME}/`, { method: 'POST', body: 'x' })
      assert.equal(response.status, 200)
      await response.text()
      proxy.dropConnections()
    }
  })
})

describe('a direct request', () => {
  it('goes to hosts that NO_PROXY names, by the look-up of this process (E4)', async (t) => {
    const { port } = await startUpstream(t)
    const proxy = await startForwardProxy(t)
    const lookup: LookupFunction = (_hostname, _options, callback) =>
      callback(null, [{ address: '127.0.0.1', family: 4 }])
    const proxies = { https: parseProxy(proxy.url), noProxy: parseNoProxy('.entra.example') }
    const outgoing = createOutgoing({ proxies, lookup, tls })
    assert.equal((await outgoing.fetch(`https://${NAME}:${port}/`)).status, 200)
    assert.deepEqual(proxy.asked, [])
  })

  it('follows no redirect, and hands on statuses without a body (E4)', async (t) => {
    const { port } = await startUpstream(t)
    const lookup: LookupFunction = (_hostname, _options, callback) =>
      callback(null, [{ address: '127.0.0.1', family: 4 }])
    const outgoing = createOutgoing({ lookup, tls })
    for (const status of [204, 302, 304, 400, 503]) {
      assert.equal((await outgoing.fetch(`https://${NAME}:${port}/${status}`)).status, status)
    }
  })

  it('is given up with its signal, whether it waits for a head or a body (E4)', async (t) => {
    const { port } = await startUpstream(t)
    const lookup: LookupFunction = (_hostname, _options, callback) =>
      callback(null, [{ address: '127.0.0.1', family: 4 }])
    const outgoing = createOutgoing({ lookup, tls })
    const hanging = `https://${NAME}:${port}/hang`
    await assert.rejects(outgoing.fetch(hanging, { signal: AbortSignal.timeout(50) }), {
      name: 'TimeoutError',
    })
    await assert.rejects(outgoing.fetch(hanging, { signal: AbortSignal.abort() }), {
      name: 'AbortError',
    })
  })
})
