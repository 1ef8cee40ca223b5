/** The servers behind a proxy in a test: an application that returns the request it received, and a line to Entrada that can be disturbed. */
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import { type AddressInfo, connect, createServer as createTcpServer, type Socket } from 'node:net'
import type { TestContext } from 'node:test'

type Owner = Pick<TestContext, 'after'>

export type Trouble = 'none' | 'slow' | 'failing' | 'gone'
export type Between = {
  readonly port: number
  /** From now on, for connections that are open too. */
  makeTrouble(trouble: Trouble): void
  /** How many questions have been asked since the trouble began and were left without an answer. */
  unanswered(): number
}

/** Carries bytes between a proxy and the server at this port, until a test wants trouble there. */
export async function startBetween(owner: Owner, targetPort: number): Promise<Between> {
  let trouble: Trouble = 'none'
  let unanswered = 0
  const sockets = new Set<Socket>()
  const server = createTcpServer((socket) => {
    sockets.add(socket.on('error', () => {}))
    if (trouble === 'gone') return void socket.destroy()
    if (trouble === 'slow') {
      socket.on('data', (chunk) => {
        if (chunk.includes('/auth/verify')) unanswered += 1
      })
      return
    }
    if (trouble === 'failing') {
      const answer =
        'HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\nConnection: close\r\n\r\n'
      return void socket.once('data', () => socket.end(answer))
    }
    const onward = connect(targetPort, '127.0.0.1').on('error', () => socket.destroy())
    sockets.add(onward)
    socket.pipe(onward).pipe(socket)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const cut = () => {
    for (const socket of sockets) socket.destroy()
    sockets.clear()
  }
  owner.after(() => {
    cut()
    server.close()
  })
  return {
    port: (server.address() as AddressInfo).port, // of a TCP server
    makeTrouble(wanted) {
      trouble = wanted
      unanswered = 0
      cut()
    },
    unanswered: () => unanswered,
  }
}

/** Returns the request: its raw headers and its body. Accepts WebSockets, and echoes their messages. */
export async function startEcho(owner: Owner, name: string): Promise<number> {
  const server = createServer(async (incoming, outgoing) => {
    let body = ''
    for await (const chunk of incoming.setEncoding('utf8')) body += chunk
    const { method, url, rawHeaders } = incoming
    outgoing.setHeader('content-type', 'application/json')
    outgoing.end(JSON.stringify({ application: name, method, url, rawHeaders, body }))
  })
  const upgraded = new Set<Socket>()
  server.on('upgrade', (incoming: IncomingMessage, socket: Socket) => {
    const key = `${incoming.headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`
    const accept = createHash('sha1').update(key).digest('base64')
    const rawHeaders = Buffer.from(JSON.stringify(incoming.rawHeaders)).toString('base64')
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: ${accept}\r\nX-Told: ${rawHeaders}\r\n\r\n`,
    )
    upgraded.add(socket)
    socket.on('error', () => {}).on('data', (chunk) => socket.write(chunk))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  owner.after(() => {
    for (const socket of upgraded) socket.destroy()
    server.closeAllConnections()
    server.close()
  })
  return (server.address() as AddressInfo).port // of a TCP server
}

export type Told = {
  readonly application: string
  readonly method: string
  readonly url: string
  readonly body: string
  readonly rawHeaders: readonly string[]
}

export function told({ body }: { readonly body: string }): Told {
  return JSON.parse(body) as Told // our own echo
}

/** Every value that the application got under this name or one that a server takes for it. */
export function valuesOf(rawHeaders: readonly string[], name: string): readonly string[] {
  const folded = (text = '') => text.toLowerCase().replaceAll('_', '-')
  return rawHeaders.filter(
    (_, index) => index % 2 === 1 && folded(rawHeaders[index - 1]) === folded(name),
  )
}
