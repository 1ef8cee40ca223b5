import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { describe, it, type TestContext } from 'node:test'
import { isEntradaError } from '../errors.ts'
import { type HttpLimits, type HttpServer, startHttpServer } from './http-server.ts'

const patient: Partial<HttpLimits> = {
  headersMs: 60_000,
  requestMs: 60_000,
  checkEveryMs: 20,
  drainMs: 60_000,
}

type Answer = (request: Request, remoteAddress: string | undefined) => Promise<Response>

/** A server on a free port, whose answers the test gives. */
async function start(t: TestContext, answer: Answer, limits: Partial<HttpLimits> = {}) {
  const port = await freePort()
  const server = await startHttpServer(
    { fetch: (request, remote) => answer(request, remote?.remoteAddress) },
    { host: '127.0.0.1', port },
    { ...patient, ...limits },
  )
  t.after(() => stopOnce(server))
  return { server, port }
}

const stopped = new WeakSet<HttpServer>()

async function stopOnce(server: HttpServer): Promise<void> {
  if (stopped.has(server)) return
  stopped.add(server)
  await server.stop()
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const address = probe.address()
  probe.close()
  await once(probe, 'close')
  assert.ok(address !== null && typeof address === 'object')
  return address.port
}

async function open(t: TestContext, port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1').setEncoding('utf8')
  t.after(() => socket.destroy())
  await once(socket, 'connect')
  return socket
}

/** All that the server sends until it ends the connection. */
async function everythingFrom(socket: Socket): Promise<string> {
  let text = ''
  socket.on('data', (chunk: string) => {
    text += chunk
  })
  await once(socket, 'close')
  return text
}

const inTime = { timeout: 20_000 }

describe('startHttpServer', () => {
  it('says who is connected, and hands over the Host that was asked for', async (t) => {
    const asked: unknown[] = []
    const { port } = await start(t, async (request, remoteAddress) => {
      asked.push(request.headers.get('host'), remoteAddress)
      return new Response('ok')
    })
    const socket = await open(t, port)
    socket.write('GET / HTTP/1.1\r\nHost: sso.example.com\r\nConnection: close\r\n\r\n')
    assert.match(await everythingFrom(socket), /^HTTP\/1\.1 200 /)
    assert.deepEqual(asked, ['sso.example.com', '127.0.0.1'])
  })

  it('reads the cookies of eight attempts and of an application beside them', async (t) => {
    const { port } = await start(t, async () => new Response('ok'))
    const headers = { cookie: `a=${'x'.repeat(40_000)}` }
    assert.equal((await fetch(`http://127.0.0.1:${port}/`, { headers })).status, 200)
  })

  it('cuts off whoever does not finish the headers (C39)', inTime, async (t) => {
    const { port } = await start(t, async () => new Response('ok'), { headersMs: 50 })
    const socket = await open(t, port)
    socket.write('GET / HTTP/1.1\r\nHost: localhost\r\nX-Slow: ')
    assert.match(await everythingFrom(socket), /^HTTP\/1\.1 408 /)
  })

  it('cuts off whoever does not finish the body (C39)', inTime, async (t) => {
    const read: Promise<unknown>[] = []
    const answer: Answer = async (request) => {
      const reading = request.text()
      read.push(reading.catch((error: unknown) => error))
      return new Response(await reading)
    }
    const { port } = await start(t, answer, { headersMs: 50, requestMs: 100 })
    const socket = await open(t, port)
    socket.write('POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\nhalf')
    assert.match(await everythingFrom(socket), /^HTTP\/1\.1 408 /)
    assert.ok((await read[0]) instanceof Error, 'nobody waits for the rest')
  })

  it('turns away what it cannot work on at once, and still says that it is alive', async (t) => {
    const letGo = Promise.withResolvers<void>()
    const arrived = Promise.withResolvers<void>()
    const answer: Answer = async (request) => {
      if (request.url.endsWith('/slow')) {
        arrived.resolve()
        await letGo.promise
      }
      return new Response('ok')
    }
    const { port } = await start(t, answer, { maxRequests: 1 })
    const ask = (path: string) => fetch(`http://127.0.0.1:${port}${path}`)
    const slow = ask('/slow')
    await arrived.promise
    const turnedAway = await ask('/login')
    assert.equal(turnedAway.status, 503)
    assert.equal(turnedAway.headers.get('retry-after'), '1')
    assert.match(await turnedAway.text(), /server_busy/)
    assert.equal((await ask('/healthz')).status, 200)
    letGo.resolve()
    assert.equal((await slow).status, 200)
    assert.equal((await ask('/login')).status, 200)
  })

  it('drops connections beyond the most it holds', async (t) => {
    const { port } = await start(t, async () => new Response('ok'), { maxConnections: 1 })
    const first = await open(t, port)
    assert.equal(await everythingFrom(await open(t, port)), '')
    const everything = everythingFrom(first)
    first.write('GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n')
    assert.match(await everything, /^HTTP\/1\.1 200 /)
  })

  it('refuses an address that no sign-in has', async (t) => {
    const { port } = await start(t, async () => new Response('ok'))
    const refused = await fetch(`http://127.0.0.1:${port}/?state=${'x'.repeat(16_384)}`)
    assert.equal(refused.status, 414)
    assert.match(await refused.text(), /address_too_long/)
  })

  it('refuses headers that are larger than any browser of ours sends', async (t) => {
    const { port } = await start(t, async () => new Response('ok'))
    const headers = { cookie: `a=${'x'.repeat(70_000)}` }
    assert.equal((await fetch(`http://127.0.0.1:${port}/`, { headers })).status, 431)
  })

  it('refuses a port that somebody else listens on', async (t) => {
    const { port } = await start(t, async () => new Response('ok'))
    const entrada = { fetch: async () => new Response('ok') }
    await assert.rejects(startHttpServer(entrada, { host: '127.0.0.1', port }), {
      code: 'address_in_use',
      detail: { address: `127.0.0.1:${port}` },
    })
  })

  it('says what is wrong with an address that nobody else has taken', async () => {
    const entrada = { fetch: async () => new Response('ok') }
    await assert.rejects(startHttpServer(entrada, { host: '192.0.2.1', port: 3000 }), (error) => {
      assert.ok(isEntradaError(error))
      assert.deepEqual(
        [error.code, error.detail],
        ['address_not_usable', { address: '192.0.2.1:3000' }],
      )
      assert.match(String(error.cause), /EADDRNOTAVAIL/)
      return true
    })
  })
})

describe('stop', () => {
  it(
    'lets a request under way end, and does not wait for its kept connection',
    inTime,
    async (t) => {
      const arrived = Promise.withResolvers<void>()
      const { server, port } = await start(t, async (request) => {
        arrived.resolve()
        return new Response(await request.text())
      })
      const socket = await open(t, port)
      const everything = everythingFrom(socket)
      socket.write('POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\n\r\nha')
      await arrived.promise
      const stopping = stopOnce(server)
      await assert.rejects(fetch(`http://127.0.0.1:${port}/`), 'nobody new gets in')
      socket.write('lf')
      await stopping
      assert.match(await everything, /200 OK[\s\S]*\r\n\r\nhalf$/)
    },
  )

  it('cuts a request that does not end in time', inTime, async (t) => {
    const arrived = Promise.withResolvers<void>()
    const answer: Answer = async () => {
      arrived.resolve()
      return new Promise(() => {})
    }
    const { server, port } = await start(t, answer, { drainMs: 50 })
    const socket = await open(t, port)
    const everything = everythingFrom(socket)
    socket.write('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n')
    await arrived.promise
    await stopOnce(server)
    assert.equal(await everything, '')
  })
})
