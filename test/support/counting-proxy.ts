/** A proxy between a program and PostgreSQL that counts what a slow network would make slower. */
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { connect, createServer } from 'node:net'
import type { TestContext } from 'node:test'

export type Counts = {
  /** How often the program sent something and waited for the answer. */
  readonly turns: number
  /** Statements that PostgreSQL ran; several in one text are one. */
  readonly statements: number
}

export type CountingProxy = {
  /** The URL of a database through the proxy. */
  through(url: string): string
  /** What was counted since the last call. */
  take(): Counts
}

const QUERY = 'Q'.charCodeAt(0)
const EXECUTE = 'E'.charCodeAt(0)
const LENGTH_BYTES = 4

export async function startCountingProxy(t: TestContext, port: number): Promise<CountingProxy> {
  let turns = 0
  let statements = 0
  const server = createServer((client) => {
    const database = connect(port, '127.0.0.1')
    const countMessages = messageCounter((type) => {
      if (type === QUERY || type === EXECUTE) statements += 1
    })
    let isAnswered = true
    client.on('data', (chunk: Buffer) => {
      if (isAnswered) turns += 1
      isAnswered = false
      countMessages(chunk)
      database.write(chunk)
    })
    database.on('data', (chunk: Buffer) => {
      isAnswered = true
      client.write(chunk)
    })
    for (const [socket, opposite] of [
      [client, database],
      [database, client],
    ] as const) {
      socket.on('error', () => {})
      socket.on('close', () => opposite.destroy())
    }
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => server.close())
  const { port: own } = server.address() as AddressInfo // it listens on a port
  return {
    through(url) {
      const address = new URL(url)
      address.port = String(own)
      return address.href
    },
    take() {
      const counts = { turns, statements }
      turns = 0
      statements = 0
      return counts
    },
  }
}

/** The first message of a connection has no type. @see https://www.postgresql.org/docs/current/protocol-message-formats.html */
function messageCounter(note: (type: number) => void): (chunk: Buffer) => void {
  let rest: Buffer = Buffer.alloc(0)
  let isFirst = true
  return (chunk) => {
    rest = Buffer.concat([rest, chunk])
    for (;;) {
      const typeBytes = isFirst ? 0 : 1
      if (rest.length < typeBytes + LENGTH_BYTES) return
      const length = typeBytes + rest.readInt32BE(typeBytes)
      if (rest.length < length) return
      if (!isFirst) note(rest[0] ?? 0)
      isFirst = false
      rest = rest.subarray(length)
    }
  }
}
