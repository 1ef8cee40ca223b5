/** Six hundred bodies that hardly arrive, through each of the reverse proxies of deploy/proxies. */
import { after, before, describe, it } from 'node:test'
import { startEmulator } from '../../src/emulator/start-emulator.ts'
import { createTestBrowser } from '../support/browser.ts'
import { startGuardingProxy } from '../support/guarding-proxies.ts'
import { httpsSite, newCertificate } from '../support/https-site.ts'
import { assertOthersGoOn, startFlood } from '../support/others.ts'
import { proxyNames, startProxy } from '../support/proxy-process.ts'
import { CLIENT_ID, CLIENT_SECRET, CONTOSO, people } from '../support/rig.ts'
import { freePort, startServer } from '../support/server-process.ts'

const HOST = 'sso.apps.example'
const closers: (() => unknown)[] = []
const owner = { after: (close: () => unknown) => void closers.push(close) }
const certificate = newCertificate(HOST)
const ways = proxyNames.flatMap((name) => [
  { name, folder: 'deploy/proxies' as const },
  { name, folder: 'deploy/proxies/forward-auth' as const },
])
type Way = (typeof ways)[number]
const portOf = new Map<Way, number>()
let emulator: Awaited<ReturnType<typeof startEmulator>>

before(async () => {
  emulator = await startEmulator()
  owner.after(() => emulator.close())
  emulator.signInAutomaticallyAs(people.alice)
  const entradaPort = await freePort()
  for (const way of ways) portOf.set(way, await freePort())
  const [first = '', ...others] = ways.map((way) => `https://${HOST}:${portOf.get(way)}`)
  for (const origin of [first, ...others]) {
    emulator.addRedirectUri(CLIENT_ID, `${origin}/auth/entra/callback`)
  }
  const server = await startServer(owner, 'serve', {
    port: entradaPort,
    environment: {
      ENTRADA_SERVER_URL: first,
      ENTRADA_ENTRA_EXTRA_URLS: others.join(),
      ENTRADA_LISTEN: `127.0.0.1:${entradaPort}`,
      ENTRADA_TRUSTED_PROXIES: '127.0.0.1',
      ENTRADA_ENTRA_AUTHORITY: emulator.origin,
      ENTRADA_ENTRA_TENANT_ID: CONTOSO,
      ENTRADA_ENTRA_CLIENT_ID: CLIENT_ID,
      ENTRADA_ENTRA_CLIENT_SECRET: CLIENT_SECRET,
    },
  })
  await server.printed(/"event":"started"/)
  for (const way of ways) await startWay(way, entradaPort)
})

after(async () => {
  for (const close of closers.reverse()) await close()
})

async function startWay(way: Way, entradaPort: number): Promise<void> {
  const [port, unused] = [portOf.get(way) ?? 0, await freePort()]
  const ports = { port, entradaPort, applicationPort: unused, certificate }
  if (way.folder === 'deploy/proxies') {
    await startProxy(owner, way.name, { ...ports, host: HOST, plainPort: await freePort() })
  } else {
    const names = { ssoHost: HOST, wikiHost: `wiki.${HOST}` }
    await startGuardingProxy(owner, way.name, { ...ports, ...names, wikiPort: unused })
  }
}

describe('six hundred bodies that arrive byte by byte', () => {
  for (const way of ways) {
    it(`keep nobody else waiting behind ${way.folder}: ${way.name} (A1)`, async (t) => {
      const port = portOf.get(way) ?? 0
      const host = `${HOST}:${port}`
      const flood = { kind: 'slow_bodies', connections: 600, port, host } as const
      const end = await startFlood(t, { ...flood, from: ['127.0.0.3'], tls: true })
      const site = httpsSite({
        port,
        chain: certificate.chain,
        localAddress: '127.0.0.2',
        serverName: HOST,
      })
      const sites = { [host]: site, [new URL(emulator.origin).host]: fetch }
      // The forward-auth files keep /auth/verify to the proxy itself, so the session is asked for in its place.
      const question = way.folder === 'deploy/proxies' ? '/auth/verify' : '/api/v1/session'
      const newBrowser = () => createTestBrowser(sites)
      await assertOthersGoOn(t, { origin: `https://${host}`, newBrowser, question })
      await end()
    })
  }
})
