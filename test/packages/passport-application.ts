/** A small application that signs people in with `passport` and its OpenID Connect strategy, for a test of the emulator. */
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { createRequire } from 'node:module'
import type { AddressInfo } from 'node:net'

export type PassportApplication = {
  readonly origin: string
  /** Returns the strategy's options for the provider. Call it after the application's address is registered. */
  configure(provider: PassportProvider): void
  close(): Promise<void>
}

export type PassportProvider = {
  readonly issuer: string
  readonly authorizationURL: string
  readonly tokenURL: string
  readonly userInfoURL: string
  readonly clientID: string
  readonly clientSecret: string
}

type Middleware = (request: object, response: ServerResponse, next: (error?: Error) => void) => void
type Verified = (error: Error | null, user: object) => void
type Passport = {
  use(strategy: object): void
  authenticate(name: string, options: object): Middleware
}
type StrategyConstructor = new (
  options: object,
  // The strategy passes as many values as there are parameters; with nine it requests the profile as well.
  verify: (
    issuer: string,
    profile: object,
    idProfile: object,
    context: object,
    idToken: string,
    accessToken: string,
    refreshToken: string,
    parameters: object,
    done: Verified,
  ) => void,
) => object

// Neither package has types of its own.
const load = createRequire(import.meta.url)
const { Passport: PassportConstructor }: { Passport: new () => Passport } = load('passport')
const Strategy: StrategyConstructor = load('passport-openidconnect')

/** Starts the application on a port of its own: `/login`, `/callback`, and a session per cookie. */
export async function startPassportApplication(): Promise<PassportApplication> {
  const passport = new PassportConstructor()
  const sessions = new Map<string, object>()
  const server = createServer((request, response) => {
    const session = sessionOf(sessions, request, response)
    const query = Object.fromEntries(new URL(request.url ?? '/', 'http://x').searchParams)
    const authenticate = passport.authenticate('openidconnect', { session: false })
    const asked = Object.assign(request, { session, query })
    authenticate(asked, response, (error) => {
      response.statusCode = error === undefined ? 200 : 500
      const user: unknown = 'user' in asked ? asked.user : undefined
      response.end(JSON.stringify({ user, error: error?.message }))
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const origin = `http://localhost:${(server.address() as AddressInfo).port}` // listening on a port, not a pipe

  return {
    origin,
    configure(provider) {
      const options = {
        ...provider,
        callbackURL: `${origin}/callback`,
        scope: 'profile email User.Read',
        nonce: true,
      }
      const strategy = new Strategy(
        options,
        (issuer, profile, idProfile, _context, idToken, _access, _refresh, _parameters, done) =>
          done(null, { issuer, profile, idProfile, idToken }),
      )
      passport.use(strategy)
    },
    async close() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

function sessionOf(
  sessions: Map<string, object>,
  request: IncomingMessage,
  response: ServerResponse,
): object {
  const id = /\bsid=([\w-]+)/.exec(request.headers.cookie ?? '')?.[1] ?? crypto.randomUUID()
  response.setHeader('Set-Cookie', `sid=${id}; Path=/; HttpOnly; SameSite=Lax`)
  const session = sessions.get(id) ?? {}
  sessions.set(id, session)
  return session
}
