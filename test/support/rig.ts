/** Entrada and the emulator side by side in one process, without a socket, on a stopped clock. */

import { createEmulator, type Emulator } from '../../src/emulator/emulator.ts'
import { createEntrada, type Entrada } from '../../src/entrada.ts'
import { noLimits } from '../../src/http/rate-limit.ts'
import { newSecretKey } from '../../src/keys/key-ring.ts'
import { Secret } from '../../src/keys/secret.ts'
import { createLog } from '../../src/log/log.ts'
import { openServices, type RunningServices } from '../../src/open-services.ts'
import type { CheckedEntra, CheckedOptions } from '../../src/settings/check-options.ts'
import { createTestBrowser, type TestBrowser } from './browser.ts'
import { type Clock, stoppedClock } from './clock.ts'

export const CONTOSO = '11111111-1111-4111-8111-111111111111'
export const FABRIKAM = '22222222-2222-4222-8222-222222222222'
export const CLIENT_ID = '33333333-3333-4333-8333-333333333333'
export const CLIENT_SECRET = 'development~only.Contoso-secret'
export const ENGINEERING = '1a000000-0000-4000-8000-000000000001'
export const SALES = '1a000000-0000-4000-8000-000000000002'
export const people = {
  alice: 'alice@contoso.example',
  bob: 'bob@contoso.example',
  carol: 'carol@contoso.example',
  dave: 'dave@contoso.example',
  erin: 'erin@contoso.example',
  heidi: 'heidi@contoso.example',
  grace: 'grace_fabrikam.example#EXT#@contoso.example',
  frank: 'frank@fabrikam.example',
} as const
export const OPERATOR_TOKEN = 'operator-token-for-tests-0123456789-abcdefghijklmnop'

export const SERVER_URL = 'http://sso.localhost:3000'
export const ENTRA_URL = 'http://login.entra.localhost:4000'

export { type Clock, stoppedClock }

export type Rig = {
  readonly emulator: Emulator
  readonly entrada: Entrada
  /** The same parts that `entrada` works with, for looking into the database. */
  readonly services: RunningServices
  /** The options of `entrada`, for a second instance with the same options. */
  readonly options: CheckedOptions
  readonly clock: Clock
  readonly logLines: string[]
  /** Where sign-ins begin: the default connection's address, or that of a customer. */
  readonly startAt: string
  browser(): TestBrowser
  /** Signs a person in with a fresh browser, or the given one, and answers where that ended. */
  signIn(
    userPrincipalName: string,
    options?: { readonly browser?: TestBrowser; readonly query?: string },
  ): Promise<Awaited<ReturnType<TestBrowser['visit']>> & { readonly browser: TestBrowser }>
  close(): Promise<void>
}

export type RigOptions = Partial<Omit<CheckedOptions, 'entra'>> & {
  readonly entra?: Partial<CheckedEntra>
  /** No Entra settings at all. */
  readonly withoutEntra?: boolean
  readonly clock?: Clock
  /** Where the emulator is; default {@link ENTRA_URL}. */
  readonly entraUrl?: string
  /** Nothing is swept, delivered or warned of but by the test. */
  readonly withoutBackgroundWork?: boolean
  /** Turns all limits of http/rate-limit.ts off. */
  readonly withoutLimits?: boolean
}

export async function createRig({
  withoutEntra,
  entra,
  clock = stoppedClock(),
  entraUrl = ENTRA_URL,
  withoutBackgroundWork = false,
  withoutLimits = false,
  ...rest
}: RigOptions = {}): Promise<Rig> {
  const emulator = createEmulator({ origin: entraUrl, now: clock.now })
  const logLines: string[] = []
  const options: CheckedOptions = {
    serverUrl: new URL(SERVER_URL),
    database: ':memory:',
    secretKeys: [new Secret(newSecretKey())],
    operatorTokens: [new Secret(OPERATOR_TOKEN)],
    log: createLog('debug', { write: (line) => void logLines.push(line) }),
    now: clock.now,
    fetch: (url, init) => emulator.fetch(new Request(url, init)),
    ...rest,
    ...(withoutEntra ? {} : { entra: { authority: new URL(entraUrl), ...entraOptions(entra) } }),
  }
  const opened = await openServices(options, { background: !withoutBackgroundWork })
  const services = withoutLimits ? { ...opened, limits: noLimits } : opened
  const entrada = createEntrada(options, services)
  const startAt = `${options.serverUrl.origin}/auth/entra/login`
  const browser = () =>
    createTestBrowser({
      ...sitesOf(entrada, options),
      [new URL(entraUrl).host]: emulator.fetch,
    })
  return {
    emulator,
    entrada,
    services,
    options,
    clock,
    logLines,
    startAt,
    browser,
    async signIn(userPrincipalName, { browser: used = browser(), query = '' } = {}) {
      emulator.signInAutomaticallyAs(userPrincipalName)
      const visit = await used.visit(startAt + query)
      return { ...visit, browser: used }
    },
    async close() {
      emulator.close()
      await entrada.close()
    },
  }
}

function entraOptions(entra: Partial<CheckedEntra> = {}): CheckedEntra {
  return {
    tenantId: CONTOSO,
    clientId: CLIENT_ID,
    clientSecret: new Secret(CLIENT_SECRET),
    ...entra,
  }
}

function sitesOf(entrada: Entrada, { serverUrl, extraUrls = [] }: CheckedOptions) {
  const answer = (request: Request) => entrada.fetch(request, { remoteAddress: '127.0.0.1' })
  return Object.fromEntries([serverUrl, ...extraUrls].map((url) => [url.host, answer]))
}

/** How many requests the emulator got at one endpoint. */
export function requestsAt({ emulator }: Rig, endpoint: string): number {
  return emulator.requests.filter((request) => request.endpoint === endpoint).length
}
