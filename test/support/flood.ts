/**
 * A client that takes as much of a server as it can, as a process of its own: `node test/support/flood.ts` with a {@link Flood} as
 * JSON. It keeps that many connections open, and opens a new one for each that the server ends.
 */
import { connect, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { connect as connectTls } from 'node:tls'

export type Flood = {
  readonly kind: keyof typeof floods
  readonly connections: number
  readonly port: number
  readonly host: string
  /** The addresses that the connections come from, in turn. */
  readonly from: readonly string[]
  /** Over TLS; the name that is asked for is the host without its port. */
  readonly tls: boolean
}

type Behaviour = (socket: Socket, host: string) => void

const head = (host: string, line: string, ...headers: readonly string[]) =>
  [`${line} HTTP/1.1`, `Host: ${host}`, ...headers, '', ''].join('\r\n')

/** Writes the text again and again, every so many milliseconds, until the connection ends. */
function keepWriting(socket: Socket, text: string | Buffer, everyMs: number): void {
  const timer = setInterval(() => socket.write(text), everyMs)
  socket.once('close', () => clearInterval(timer))
}

/** Writes as fast as the server reads. */
function pour(socket: Socket, text: string): void {
  const write = () => {
    while (!socket.destroyed && socket.write(text));
  }
  socket.on('drain', write)
  write()
}

const POST = (host: string, ...headers: readonly string[]) =>
  head(host, 'POST /auth/logout', 'Content-Type: application/x-www-form-urlencoded', ...headers)

export const floods = {
  slow_bodies: (socket, host) => {
    socket.write(`${POST(host, 'Content-Length: 1000')}a`)
    keepWriting(socket, 'a', 1_000)
  },
  slow_headers: (socket, host) => {
    socket.write(`GET /login HTTP/1.1\r\nHost: ${host}\r\nX-Slow: `)
    keepWriting(socket, 'x', 500)
  },
  large_headers: (socket, host) => {
    socket.write(`GET /login HTTP/1.1\r\nHost: ${host}\r\nX-Large: ${'x'.repeat(60_000)}`)
  },
  large_bodies: (socket, host) => {
    const large = `X-Large: ${'x'.repeat(60_000)}`
    socket.write(`${POST(host, 'Content-Length: 65000', large)}${'a'.repeat(64_000)}`)
  },
  idle: (socket, host) => {
    socket.write(head(host, 'GET /healthz'))
  },
  endless_chunks: (socket, host) => {
    socket.write(POST(host, 'Transfer-Encoding: chunked'))
    pour(socket, `400\r\n${'a'.repeat(1_024)}\r\n`.repeat(32))
  },
  tiny_chunks: (socket, host) => {
    socket.write(POST(host, 'Transfer-Encoding: chunked'))
    keepWriting(socket, '1\r\na\r\n'.repeat(20), 100)
  },
  pipelined: (socket, host) => {
    socket.pause()
    pour(socket, head(host, 'GET /login').repeat(500))
  },
  expected_continue: (socket, host) => {
    socket.write(POST(host, 'Content-Length: 1000', 'Expect: 100-continue'))
  },
  upgrades: (socket, host) => {
    socket.write(head(host, 'GET /login', 'Connection: Upgrade', 'Upgrade: websocket'))
  },
  /** Asks for page after page and reads none of them. */
  answers_not_read: (socket, host) => {
    socket.pause()
    keepWriting(socket, head(host, 'GET /login'), 50)
  },
  /** The next sign-in as soon as the last one was answered. */
  requests: (socket, host) => {
    const ask = () => socket.write(head(host, 'GET /auth/entra/login'))
    socket.on('data', (chunk) => {
      if (chunk.includes('HTTP/1.1')) ask()
    })
    ask()
  },
  questions: (socket, host) => {
    const ask = () => socket.write(head(host, 'GET /auth/verify'))
    socket.on('data', (chunk) => {
      if (chunk.includes('HTTP/1.1')) ask()
    })
    ask()
  },
} as const satisfies Record<string, Behaviour>

async function run({ kind, connections, port, host, from, tls }: Flood): Promise<void> {
  const servername = host.replace(/:\d+$/, '')
  const open = (nth: number) => {
    const address = { host: '127.0.0.1', port, localAddress: from[nth % from.length] ?? '' }
    return tls
      ? // What is attacked is asked for no proof of who it is.
        connectTls({
          ...address,
          servername,
          rejectUnauthorized: false,
          ALPNProtocols: ['http/1.1'],
        })
      : connect(address)
  }
  const begin = async (_: unknown, nth: number): Promise<never> => {
    for (;;) {
      const socket = open(nth)
      socket.once(tls ? 'secureConnect' : 'connect', () => {
        begun += 1
        if (begun === connections) process.stdout.write('all begun\n')
        floods[kind](socket, host)
      })
      socket.on('error', () => {})
      if (!socket.isPaused()) socket.resume()
      await new Promise((resolve) => socket.once('close', resolve))
      await sleep(500)
    }
  }
  let begun = 0
  await Promise.all(Array.from({ length: connections }, begin))
}

if (import.meta.main) await run(JSON.parse(process.argv[2] ?? '') as Flood) // from `startFlood`
