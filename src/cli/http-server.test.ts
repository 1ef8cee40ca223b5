import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { describe, it, type TestContext } from 'node:test'
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises'
import { isEntradaError } from '../errors/errors.ts'
import type { RawHandler } from '../http/raw-handler.ts'
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
    const hosts: unknown[] = []
    const { port } = await start(t, async (request, remoteAddress) => {
      hosts.push(request.headers.get('host'), remoteAddress)
      return new Response('ok')
    })
    const socket = await open(t, port)
    socket.write('GET / HTTP/1.1\r\nHost: sso.example.com\r\nConnection: close\r\n\r\n')
    assert.match(await everythingFrom(socket), /^HTTP\/1\.1 200 /)
    assert.deepEqual(hosts, ['sso.example.com', '127.0.0.1'])
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

  it(
    'cuts off a body that does not end in time, and asks the application nothing (C39)',
    inTime,
    async (t) => {
      let answered = 0
      const answer: Answer = async () => {
        answered += 1
        return new Response('ok')
      }
      const { port } = await start(t, answer, { bodyMs: 100 })
      const socket = await open(t, port)
      socket.write('POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\nhalf')
      assert.match(await everythingFrom(socket), /^HTTP\/1\.1 408 [\s\S]*body_too_slow/)
      assert.equal(answered, 0)
    },
  )

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

  it('gives one client half of the bodies, and reads those of others (A1)', async (t) => {
    const { port } = await start(t, async (request) => new Response(await request.text()), {
      maxBodies: 4,
      drainMs: 50,
      clientOf: (forwardedFor) => forwardedFor,
    })
    const post = async (client: string, body: string) => {
      const socket = await open(t, port)
      const head = `POST / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nX-Forwarded-For: ${client}\r\n`
      socket.write(`${head}Content-Length: 4\r\n\r\n${body}`)
      return socket
    }
    for (let nth = 0; nth < 2; nth += 1) await post('slow', 'ha')
    assert.match(await everythingFrom(await post('slow', 'ha')), /^HTTP\/1\.1 503 .*server_busy/s)
    assert.match(await everythingFrom(await post('other', 'half')), /^HTTP\/1\.1 200 .*half$/s)
  })

  it('keeps places for what it answers first, such as questions of proxies (A1)', async (t) => {
    const first: RawHandler = {
      takes: ({ url }) => url === '/question',
      async answer(_incoming, outgoing) {
        outgoing.end('yes')
        return 'answered'
      },
    }
    const arrived = Promise.withResolvers<void>()
    const answer: Answer = async () => {
      arrived.resolve()
      return new Promise(() => {})
    }
    const { port } = await start(t, answer, { maxRequests: 1, first, drainMs: 50 })
    const ask = (path: string) => fetch(`http://127.0.0.1:${port}${path}`)
    ask('/page').catch(() => {}) // ends with the server
    await arrived.promise
    assert.equal((await ask('/page')).status, 503)
    assert.equal(await (await ask('/question')).text(), 'yes')
  })

  it('gives a place back when its client has gone and the work has ended, not before', async (t) => {
    const work = Promise.withResolvers<void>()
    const arrived = Promise.withResolvers<void>()
    const answer: Answer = async (request) => {
      if (request.url.endsWith('/slow')) {
        arrived.resolve()
        await work.promise
      }
      return new Response('ok')
    }
    const { port } = await start(t, answer, { maxRequests: 1 })
    const ask = () => fetch(`http://127.0.0.1:${port}/`)
    const socket = await open(t, port)
    socket.write('GET /slow HTTP/1.1\r\nHost: localhost\r\n\r\n')
    await arrived.promise
    socket.destroy()
    assert.equal((await ask()).status, 503)
    work.resolve()
    while ((await ask()).status !== 200) await nextTurn()
  })

  it('leaks no place when a client that sends requests without waiting goes away', async (t) => {
    const { port } = await start(t, async () => new Response('ok'), { maxRequests: 8 })
    for (let nth = 0; nth < 10; nth += 1) {
      const socket = await open(t, port)
      socket.write('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n'.repeat(8))
      await once(socket, 'data')
      socket.destroy()
    }
    while ((await fetch(`http://127.0.0.1:${port}/`)).status !== 200) await nextTurn()
  })

  it(
    'cuts a client off that sends more requests at once than any browser or proxy',
    inTime,
    async (t) => {
      const { port } = await start(t, async () => new Response('ok'))
      const socket = await open(t, port)
      const other = await open(t, port)
      const cut = [everythingFrom(socket), everythingFrom(other)]
      socket.write('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n'.repeat(100))
      await Promise.all(cut)
      assert.equal(await everythingFrom(await open(t, port)), '', 'and for a while after that')
    },
  )

  it('cuts off a body that comes in hundreds of pieces', inTime, async (t) => {
    const { port } = await start(t, async (request) => new Response(await request.text()))
    const socket = await open(t, port)
    const head = 'POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n'
    socket.write(head + '1\r\na\r\n'.repeat(300))
    assert.equal(await everythingFrom(socket), '')
  })

  it('hands on a body of 64 KB whole, and of a larger one enough to see that it is too large', async (t) => {
    const { port } = await start(t, async (request) => {
      const { byteLength } = await request.arrayBuffer()
      return new Response(String(byteLength))
    })
    const send = async (size: number) => {
      const body = new Uint8Array(size)
      return (await fetch(`http://127.0.0.1:${port}/`, { method: 'POST', body })).text()
    }
    assert.equal(await send(65_536), '65536')
    assert.equal(await send(65_537), '65537')
    assert.equal(await send(200_000), '65537')
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

describe('startDraining', () => {
  const get = 'GET / HTTP/1.1\r\nHost: localhost\r\n\r\n'

  it(
    'is seen at /readyz, and requests are taken and end their connections (O2)',
    inTime,
    async (t) => {
      const { server, port } = await start(t, async () => new Response('ok'))
      const kept = await open(t, port)
      kept.write(get)
      await once(kept, 'data')
      server.startDraining()
      const ready = await fetch(`http://127.0.0.1:${port}/readyz`)
      assert.equal(ready.status, 503)
      assert.match(await ready.text(), /server_stopping/)
      assert.equal((await fetch(`http://127.0.0.1:${port}/healthz`)).status, 200)
      const everything = everythingFrom(kept)
      kept.write(get)
      assert.match(await everything, /^HTTP\/1\.1 200 [\s\S]*connection: close/i)
      assert.equal((await fetch(`http://127.0.0.1:${port}/`)).headers.get('connection'), 'close')
    },
  )

  it('ends the connection of a request that was under way before (O2)', inTime, async (t) => {
    const letGo = Promise.withResolvers<void>()
    const arrived = Promise.withResolvers<void>()
    const { server, port } = await start(t, async () => {
      arrived.resolve()
      await letGo.promise
      return new Response('ok')
    })
    const socket = await open(t, port)
    const everything = everythingFrom(socket)
    socket.write(get)
    await arrived.promise
    server.startDraining()
    letGo.resolve()
    assert.match(await everything, /^HTTP\/1\.1 200 [\s\S]*connection: close/i)
  })
})

describe('stop', () => {
  it(
    'lets a request under way end, and does not wait for its kept connection',
    inTime,
    async (t) => {
      const { server, port } = await start(t, async (request) => new Response(await request.text()))
      const socket = await open(t, port)
      const everything = everythingFrom(socket)
      const head = 'POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\n'
      socket.write(`${head}Expect: 100-continue\r\n\r\nha`)
      await once(socket, 'data') // 100: the body is being read
      const stopping = stopOnce(server)
      await sleep(20)
      await assert.rejects(fetch(`http://127.0.0.1:${port}/`), 'nobody new gets in')
      socket.write('lf')
      await stopping
      assert.match(await everything, /200 OK[\s\S]*\r\n\r\nhalf$/)
    },
  )

  it(
    'answers a request that a proxy sends on a kept connection just then (O2)',
    inTime,
    async (t) => {
      const { server, port } = await start(t, async () => new Response('ok'))
      const socket = await open(t, port)
      socket.write('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n')
      await once(socket, 'data')
      const stopping = stopOnce(server)
      await sleep(20)
      const everything = everythingFrom(socket)
      socket.write('POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n')
      assert.match(await everything, /^HTTP\/1\.1 200 [\s\S]*connection: close/i)
      await stopping
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
