/** A receiver of webhooks on loopback, which returns the configured responses. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { TestContext } from 'node:test'

export type Received = {
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}
export type Receiver = {
  readonly url: string
  readonly received: Received[]
  /** Status of the next answers; `undefined` hangs. */
  status: number | undefined
  headers: Readonly<Record<string, string>>
}

export async function startReceiver(t: TestContext): Promise<Receiver> {
  const received: Received[] = []
  const server = createServer(async (request, response) => {
    let body = ''
    for await (const chunk of request) body += chunk
    received.push({ headers: request.headers as Record<string, string>, body })
    if (receiver.status === undefined) return
    response.writeHead(receiver.status, receiver.headers).end('x'.repeat(100_000))
  })
  server.listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  const url = `http://127.0.0.1:${port}/hook`
  const receiver: Receiver = { url, received, status: 204, headers: {} }
  return receiver
}
