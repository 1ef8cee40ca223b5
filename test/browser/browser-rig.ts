/**
 * Entrada and the emulator on real sockets, and browsers that are watched.
 *
 * `sso.localhost` and `login.entra.localhost` are two sites, as the real ones are; two ports of one name would be
 * one site, and cookies that must not travel would (C07).
 */
import { once } from 'node:events'
import { mkdirSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import type { Browser, Page } from 'playwright-core'
import { startHttpServer } from '../../src/cli/http-server.ts'
import { type StartedEmulator, startEmulator } from '../../src/emulator/start-emulator.ts'
import { createEntrada } from '../../src/entrada.ts'
import { newSecretKey } from '../../src/keys/key-ring.ts'
import { Secret } from '../../src/keys/secret.ts'
import { createLog } from '../../src/log/log.ts'
import { type OpenedServices, openServices } from '../../src/open-services.ts'
import type { CheckedOptions } from '../../src/settings/check-options.ts'
import { launchChromium } from '../support/chromium.ts'
import { CLIENT_ID, CLIENT_SECRET, CONTOSO, OPERATOR_TOKEN } from '../support/rig.ts'
import { SHARED_CLIENT_ID, SHARED_SECRET } from '../support/setup.ts'
import { openWindow, type View, type Window } from './window.ts'

export type BrowserRig = {
  readonly emulator: StartedEmulator
  readonly services: OpenedServices
  readonly serverUrl: URL
  /** A second public address of the same server, on another site. */
  readonly secondUrl: URL
  readonly entraUrl: URL
  readonly chromium: Browser
  /** Opens a browser of its own: cookies, size, colours. What it complains about fails the test `t`. */
  open(t: TestContext, view?: View): Promise<Window>
  close(): Promise<void>
}

export type BrowserRigOptions = Pick<CheckedOptions, 'mode'> & {
  readonly withoutEntra?: boolean
  /** Customers may consent to the emulator's multi-tenant application. */
  readonly withShared?: boolean
  /** Of the server; any free one unless it shall look the same each time. */
  readonly port?: number
}

/** The narrowest phone and a desk, in both colours between them. */
export const views = [
  { width: 320, colorScheme: 'dark' },
  { width: 1280, colorScheme: 'light' },
] as const satisfies readonly View[]

export async function createBrowserRig(options: BrowserRigOptions = {}): Promise<BrowserRig> {
  const chromium = await launchChromium()
  const entraPort = await freePort()
  const port = options.port ?? (await freePort())
  const urls = {
    entraUrl: new URL(`http://login.entra.localhost:${entraPort}`),
    serverUrl: new URL(`http://sso.localhost:${port}`),
    secondUrl: new URL(`http://second.localhost:${port}`),
  }
  const emulator = await startEmulator({ port: entraPort, publicOrigin: urls.entraUrl.origin })
  registerAddresses(emulator, urls)
  const entradaOptions = entradaOptionsFor(urls, options)
  const services = await openServices(entradaOptions)
  const entrada = createEntrada(entradaOptions, services)
  const server = await startHttpServer(entrada, { host: '127.0.0.1', port })
  return {
    ...urls,
    emulator,
    services,
    chromium,
    open: (t, view = {}) => openWindow(t, { chromium, sites: Object.values(urls), view }),
    async close() {
      await chromium.close()
      await server.stop()
      await emulator.close()
      await entrada.close()
    },
  }
}

/** Keeps what a page looks like, as `<name>-<width>.png`, or `<name>-<width>-dark.png`. */
export async function keepScreenshot(page: Page, name: string): Promise<void> {
  const folder = join(import.meta.dirname, '../../test-output/screenshots')
  mkdirSync(folder, { recursive: true })
  const isDark = await page.evaluate(() => matchMedia('(prefers-color-scheme: dark)').matches)
  const file = `${name}-${page.viewportSize()?.width}${isDark ? '-dark' : ''}.png`
  await page.screenshot({ path: join(folder, file), fullPage: true })
}

type Urls = Pick<BrowserRig, 'entraUrl' | 'serverUrl' | 'secondUrl'>

function registerAddresses(emulator: StartedEmulator, { serverUrl, secondUrl }: Urls): void {
  for (const { origin } of [serverUrl, secondUrl]) {
    emulator.addRedirectUri(CLIENT_ID, `${origin}/auth/entra/callback`)
  }
  emulator.addRedirectUri(SHARED_CLIENT_ID, `${serverUrl.origin}/login/callback`)
  emulator.setApplication(CLIENT_ID, {
    logoutUrl: `${serverUrl.origin}/auth/entra/frontchannel-logout`,
  })
}

function entradaOptionsFor(
  { entraUrl, serverUrl, secondUrl }: Urls,
  { mode, withoutEntra, withShared }: BrowserRigOptions,
): CheckedOptions {
  const entra = {
    tenantId: CONTOSO,
    clientId: CLIENT_ID,
    clientSecret: new Secret(CLIENT_SECRET),
    authority: entraUrl,
  }
  return {
    serverUrl,
    extraUrls: [secondUrl],
    database: ':memory:',
    secretKeys: [new Secret(newSecretKey())],
    operatorTokens: [new Secret(OPERATOR_TOKEN)],
    log: createLog('error', { write: () => undefined }),
    fetch: fetchOnThisMachine,
    ...(mode ? { mode } : {}),
    ...(withShared ? { sharedApplication: sharedApplication(entraUrl) } : {}),
    ...(withoutEntra ? {} : { entra }),
  }
}

function sharedApplication(authority: URL) {
  return { clientId: SHARED_CLIENT_ID, clientSecret: new Secret(SHARED_SECRET), authority }
}

/** Browsers know that `*.localhost` is this machine; resolvers of operating systems often do not. */
const fetchOnThisMachine: typeof fetch = (input, init) => {
  const url = new URL(input instanceof Request ? input.url : input)
  url.hostname = '127.0.0.1'
  return fetch(url, init)
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo // listening on TCP: never a pipe
  server.close()
  await once(server, 'close')
  return port
}
