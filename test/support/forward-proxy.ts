/** A proxy for requests that leave a network: CONNECT for https, absolute addresses for http. It alone resolves the names behind it. */
import { createServer, request as requestHttp } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import type { TestContext } from 'node:test'

export type ForwardProxy = {
  readonly url: string
  /** `host:port` of each CONNECT, and the address of each plain request, in order. */
  readonly asked: string[]
  /** What each of them brought as `Proxy-Authorization`. */
  readonly credentials: (string | undefined)[]
  /** Ends every connection through the proxy, as its restart would. */
  dropConnections(): void
}

export type ForwardProxyOptions = {
  /** Ports on loopback by the name that is asked for; every other name is refused. */
  readonly hosts?: Readonly<Record<string, number>>
  /** `user:password` without which it answers 407. */
  readonly credentials?: string
  /** What it does with every CONNECT in place of connecting. */
  readonly instead?: 'hang' | 'close'
}

export async function startForwardProxy(
  t: Pick<TestContext, 'after'>,
  { hosts = {}, credentials, instead }: ForwardProxyOptions = {},
): Promise<ForwardProxy> {
  const requests: string[] = []
  const seen: (string | undefined)[] = []
  const sockets = new Set<Socket>()
  const expected = credentials && `Basic ${Buffer.from(credentials).toString('base64')}`

  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '')
    requests.push(url.href)
    seen.push(request.headers['proxy-authorization'])
    const port = hosts[url.hostname]
    if (port === undefined) return void response.writeHead(502).end()
    const { 'proxy-authorization': _, ...headers } = request.headers
    const options = { host: '127.0.0.1', port, path: url.pathname, method: request.method, headers }
    const forwarded = requestHttp(options, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers)
      answer.pipe(response)
    })
    request.pipe(forwarded)
  })
  server.on('connect', (request, socket: Socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    requests.push(request.url ?? '')
    seen.push(request.headers['proxy-authorization'])
    if (instead === 'hang') return
    if (instead === 'close') return void socket.destroy()
    if (expected && request.headers['proxy-authorization'] !== expected) {
      return void socket.end('HTTP/1.1 407 Proxy Authentication Required\r\n\r\n')
    }
    const port = hosts[new URL(`https://${request.url}`).hostname]
    if (port === undefined) return void socket.end('HTTP/1.1 403 Forbidden\r\n\r\n')
    const upstream = connect(port, '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n')
      upstream.pipe(socket).pipe(upstream)
    })
    sockets.add(upstream)
    upstream.on('error', () => socket.destroy())
  })
  server.listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const dropConnections = () => {
    for (const socket of sockets) socket.destroy()
    sockets.clear()
  }
  t.after(() => {
    dropConnections()
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  return { url: `http://127.0.0.1:${port}`, asked: requests, credentials: seen, dropConnections }
}
