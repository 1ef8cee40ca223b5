/** A load balancer: each request goes to the next server that takes it, Host and all. */
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http'
import type { TestContext } from 'node:test'

/** `taken` counts what each port answered. */
export async function startBalancer(
  t: TestContext,
  port: number,
  ports: readonly number[],
): Promise<{ readonly taken: ReadonlyMap<number, number> }> {
  const taken = new Map<number, number>()
  let turn = 0
  const server = createServer((incoming, outgoing) => {
    turn += 1
    pass({ incoming, outgoing }, turn, ports.length)
  })

  function pass({ incoming, outgoing }: Passing, nth: number, tries: number): void {
    const chosen = ports[nth % ports.length] ?? 0
    const { method = 'GET', url: path, headers } = incoming
    const passed = request({ host: '127.0.0.1', port: chosen, method, path, headers, agent: false })
    passed.on('response', (answer) => {
      taken.set(chosen, (taken.get(chosen) ?? 0) + 1)
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers)
      answer.pipe(outgoing)
    })
    passed.on('error', () => {
      if (tries > 1 && incoming.readableLength === 0)
        pass({ incoming, outgoing }, nth + 1, tries - 1)
      else outgoing.writeHead(502).end()
    })
    incoming.pipe(passed)
  }

  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  return { taken }
}

type Passing = { readonly incoming: IncomingMessage; readonly outgoing: ServerResponse }
