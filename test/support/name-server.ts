/** A name server on loopback that knows addresses, and for some names never answers. */
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import type { TestContext } from 'node:test'

/** IPv4 addresses of each name; any other name does not exist. `silence` is no answer at all, `failure` is SERVFAIL. */
export type Zone = Readonly<Record<string, readonly string[] | 'silence' | 'failure'>>

export type NameServer = {
  /** `address:port`, as resolvers take it. */
  readonly address: string
  /** The names that were asked for, once for each question. */
  readonly requestedNames: string[]
}

const TYPE_A = 1
const NO_SUCH_NAME = 3
const SERVER_FAILURE = 2

export async function startNameServer(
  t: Pick<TestContext, 'after'>,
  zone: Zone,
): Promise<NameServer> {
  const requestedNames: string[] = []
  const server = createSocket('udp4')
  server.on('message', (query, { port, address }) => {
    const { name, type, end } = readQuestion(query)
    requestedNames.push(name)
    const found = zone[name]
    if (found === 'silence') return
    const addresses = typeof found === 'object' && type === TYPE_A ? found : []
    const code = found === undefined ? NO_SUCH_NAME : found === 'failure' ? SERVER_FAILURE : 0
    server.send(reply(query, { code, addresses, end }), port, address)
  })
  server.bind(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => server.close())
  return { address: `127.0.0.1:${server.address().port}`, requestedNames }
}

/** @see RFC 1035 §4.1.2 */
function readQuestion(query: Buffer) {
  const labels: string[] = []
  let at = 12
  for (let length = query.readUInt8(at); length > 0; length = query.readUInt8(at)) {
    labels.push(query.toString('latin1', at + 1, at + 1 + length))
    at += 1 + length
  }
  return { name: labels.join('.').toLowerCase(), type: query.readUInt16BE(at + 1), end: at + 5 }
}

/** @see RFC 1035 §4.1.1, §4.1.3 */
function reply(
  query: Buffer,
  {
    code,
    addresses,
    end,
  }: { readonly code: number; readonly addresses: readonly string[]; readonly end: number },
): Buffer {
  const header = Buffer.alloc(12)
  query.copy(header, 0, 0, 2)
  header.writeUInt16BE(0x8180 | code, 2)
  header.writeUInt16BE(1, 4)
  header.writeUInt16BE(addresses.length, 6)
  const records = addresses.map((address) =>
    // The name of the question, A, IN, a lifetime of 0 seconds, four bytes.
    Buffer.from([0xc0, 12, 0, TYPE_A, 0, 1, 0, 0, 0, 0, 0, 4, ...address.split('.').map(Number)]),
  )
  return Buffer.concat([header, query.subarray(12, end), ...records])
}
