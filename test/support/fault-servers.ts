/** Real servers, Entra on a socket, and people who keep signing in whatever happens to the servers. */
import { setTimeout as sleep } from 'node:timers/promises'
import { startEmulator } from '../../src/emulator/start-emulator.ts'
import { MOST_SESSIONS } from '../../src/session/end-sessions.ts'
import { CLIENT_ID, CLIENT_SECRET, CONTOSO, people } from './rig.ts'
import { createSocketBrowser, type startServer } from './server-process.ts'

type Owner = Parameters<typeof startServer>[0]
type SocketBrowser = ReturnType<typeof createSocketBrowser>

/** Entra for a server at `origin`, and the settings that such a server needs. */
export async function startEntra(owner: Owner, origin: string) {
  const emulator = await startEmulator()
  owner.after(() => emulator.close())
  emulator.addRedirectUri(CLIENT_ID, `${origin}/auth/entra/callback`)
  emulator.signInAutomaticallyAs(people.alice)
  const environment = {
    ENTRADA_SERVER_URL: origin,
    ENTRADA_ENTRA_TENANT_ID: CONTOSO,
    ENTRADA_ENTRA_CLIENT_ID: CLIENT_ID,
    ENTRADA_ENTRA_CLIENT_SECRET: CLIENT_SECRET,
    ENTRADA_ENTRA_AUTHORITY: emulator.origin,
    // All clients here have one address.
    ENTRADA_RATE_LIMIT_SIGN_INS: '100000',
  }
  return { emulator, environment }
}

/** `failed`: what was answered instead of a session, or how the connection broke. */
export type Outcome =
  | { readonly kind: 'signed_in'; readonly browser: SocketBrowser }
  | { readonly kind: 'failed'; readonly status: number | undefined; readonly reason: string }

/** One sign-in from the first click to the session cookie. */
export async function signInOverSockets(origin: string): Promise<Outcome> {
  const browser = createSocketBrowser()
  let at = `${origin}/auth/entra/login`
  try {
    for (const step of ['start', 'entra', 'callback']) {
      const response = await browser.request(at)
      const { status } = response
      const text = await response.text()
      const location = response.headers.get('location')
      if (status < 300 || status >= 400 || location === null) {
        return { kind: 'failed', status, reason: `${step}: ${text}` }
      }
      at = new URL(location, at).href
    }
  } catch (error) {
    return { kind: 'failed', status: undefined, reason: describeError(error) }
  }
  const { cookies } = browser
  if ([...cookies.keys()].some((name) => name.endsWith('entrada-session'))) {
    return { kind: 'signed_in', browser }
  }
  return { kind: 'failed', status: undefined, reason: 'no session cookie' }
}

export async function hasSession(origin: string, browser: SocketBrowser): Promise<boolean> {
  const response = await browser.request(`${origin}/api/v1/session`)
  await response.body?.cancel()
  return response.status === 200
}

/** Users who sign in one after the other, `atOnce` of them at any time, until they are stopped. */
export function startCrowd(owner: Owner, origin: string, atOnce: number) {
  const outcomes: Outcome[] = []
  const waiting = new Set<() => void>()
  let goOn = true

  async function keepSigningIn(): Promise<void> {
    while (goOn) {
      const outcome = await signInOverSockets(origin)
      outcomes.push(outcome)
      for (const look of waiting) look()
      // A server that is gone refuses at once; without a pause this would be all that the machine does.
      if (outcome.kind === 'failed') await sleep(20)
    }
  }

  const crowd = Promise.all(Array.from({ length: atOnce }, keepSigningIn))
  const stop = async () => {
    goOn = false
    await crowd
  }
  owner.after(stop)
  const signedIn = () => outcomes.filter((outcome) => outcome.kind === 'signed_in')
  return {
    signedIn,
    /** The last ones: all are one person, of whose sessions the oldest end when there are too many. */
    lastSignedIn: () => signedIn().slice(atOnce - MOST_SESSIONS),
    failed: () => outcomes.filter((outcome) => outcome.kind === 'failed'),
    stop,
    /** Resolves when so many more have signed in. */
    more(count: number): Promise<void> {
      const wanted = signedIn().length + count
      return new Promise((resolve) => {
        const look = () => {
          if (signedIn().length < wanted) return
          waiting.delete(look)
          resolve()
        }
        waiting.add(look)
      })
    },
  }
}

function describeError(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  return error.cause instanceof Error ? `${error.message}: ${error.cause.message}` : error.message
}
