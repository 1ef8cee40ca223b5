/** A client that is no browser: it writes the bytes it wants to, because that is what attackers do. */
import { once } from 'node:events'
import type { Socket } from 'node:net'
import type { TestContext } from 'node:test'
import { connect as connectTls } from 'node:tls'

type Owner = Pick<TestContext, 'after'>

export type Answer = {
  readonly status: number
  readonly head: string
  readonly body: string
  readonly socket: Socket
}

export type RawTarget = {
  readonly port: number
  readonly serverName: string
  readonly chain: string
}

/** Writes these lines as they stand, and reads the answer; the connection stays open for who wants to go on. */
export async function sendRaw(
  owner: Owner,
  { port, serverName, chain }: RawTarget,
  lines: readonly string[],
  body = '',
): Promise<Answer> {
  const socket = connectTls({
    host: '127.0.0.1',
    port,
    servername: serverName,
    ca: chain,
    ALPNProtocols: ['http/1.1'],
  })
  await once(socket, 'secureConnect')
  owner.after(() => socket.destroy())
  socket.write(`${lines.join('\r\n')}\r\n\r\n${body}`)
  let text = ''
  for await (const chunk of socket.setEncoding('utf8').iterator({ destroyOnReturn: false })) {
    text += chunk
    if (isWhole(text)) break
  }
  const [head = '', ...rest] = text.split('\r\n\r\n')
  const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(head)?.[1])
  return { status, head, body: dechunked(head, rest.join('\r\n\r\n')), socket }
}

function isWhole(text: string): boolean {
  const end = text.indexOf('\r\n\r\n')
  if (end < 0) return false
  const head = text.slice(0, end)
  if (/^HTTP\/1\.1 (101|204|304)/.test(head)) return true
  const length = /\r\ncontent-length: (\d+)/i.exec(head)?.[1]
  if (length !== undefined) return Buffer.byteLength(text.slice(end + 4)) >= Number(length)
  return text.endsWith('0\r\n\r\n')
}

function dechunked(head: string, body: string): string {
  if (!/\r\ntransfer-encoding: chunked/i.test(head)) return body
  let [text, rest] = ['', body]
  for (;;) {
    const size = Number.parseInt(rest, 16)
    if (!size) return text
    const start = rest.indexOf('\r\n') + 2
    text += rest.slice(start, start + size)
    rest = rest.slice(start + size + 2)
  }
}
