/** Entra over real sockets, and a listener that no request should ever reach. */
import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { TestContext } from 'node:test'
import { startEmulator } from '../../src/emulator/start-emulator.ts'
import { createTestBrowser } from './browser.ts'
import { type Rig, type RigOptions, SERVER_URL, stoppedClock } from './rig.ts'
import { openRig } from './steps.ts'

/** A rig whose emulator is reached through a socket, as Entra is. */
export async function openFarRig(
  t: TestContext,
  { entra, ...options }: RigOptions = {},
): Promise<Rig> {
  const clock = stoppedClock()
  const emulator = await startEmulator({ now: clock.now })
  t.after(() => emulator.close())
  const authority = new URL(emulator.origin)
  const rig = await openRig(t, {
    fetch,
    now: clock.now,
    ...options,
    entra: { ...entra, authority },
  })
  const sites = {
    [authority.host]: emulator.fetch,
    [new URL(SERVER_URL).host]: (request: Request) => rig.entrada.fetch(request),
  }
  return { ...rig, clock, emulator, browser: () => createTestBrowser(sites) }
}

/** Counts who comes. */
export async function startCanary(t: TestContext) {
  let hits = 0
  const origin = await listen(t, (_request, response) => {
    hits += 1
    response.end('{}')
  })
  return { address: `${origin}/elsewhere`, hits: () => hits }
}

/** A server that goes with the test. Answers its origin. */
export async function listen(t: TestContext, answer: RequestListener): Promise<string> {
  const server = createServer(answer).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => server.close())
  const { port } = server.address() as AddressInfo // it listens on a port
  return `http://127.0.0.1:${port}`
}
