/** The systems that `npm run bench` compares, a row each. A row describes how a user signs in and where the application asks for the user. */
import type { Client } from './driver.ts'

export type System = {
  /** The server, below `peers/`. It reads `PORT`, `BASE_URL`, `IDP` and the other names of `peers/environment.ts`. */
  readonly server: string
  /** What the system does at a sign-in, for the table. */
  readonly does: string
  readonly environment?: Readonly<Record<string, string>>
  readonly sessionCookie: RegExp
  /** Path whose answer leads to the identity provider. */
  readonly login?: string
  /** Where the login takes more than one request: returns the address at the identity provider. */
  readonly start?: (client: Client, base: string) => Promise<string>
  /** Path that returns the person who is signed in. */
  readonly check: string
  /** `Location` of success, where the session cookie is there before. */
  readonly done?: RegExp
}

export const systems = {
  floor: {
    server: 'floor.ts',
    does: 'hand-written: one token call, RS256, one commit shared per turn, no MSAL, no audit',
    sessionCookie: /^sid$/,
    login: '/login',
    check: '/me',
  },
  'floor with MSAL': {
    server: 'floor.ts',
    does: 'the same with @azure/msal-node',
    environment: { WITH_MSAL: '1' },
    sessionCookie: /^sid$/,
    login: '/login',
    check: '/me',
  },
  passport: {
    server: 'passport.ts',
    does: 'passport and openid-client, express-session in memory; no signature is verified',
    sessionCookie: /^connect\.sid$/,
    login: '/login',
    check: '/me',
    done: /\/done$/,
  },
  'express-openid-connect': {
    server: 'express-openid-connect.ts',
    does: 'the whole session in an encrypted cookie',
    sessionCookie: /^appSession/,
    login: '/login',
    check: '/me',
  },
  'Auth.js': {
    server: 'authjs.ts',
    does: 'the whole session in an encrypted cookie',
    sessionCookie: /^authjs\.session-token/,
    start: startAuthjs,
    check: '/me',
  },
  'better-auth': {
    server: 'better-auth.ts',
    does: 'SQLite, every commit on disk',
    sessionCookie: /^better-auth\.session_token$/,
    start: startBetterAuth,
    check: '/api/auth/get-session',
  },
  Entrada: {
    server: 'entrada.ts',
    does: 'SQLite, every commit on disk; audit, trace, log and metrics on',
    sessionCookie: /session/i,
    login: '/auth/entra/login',
    check: '/api/v1/session',
  },
} as const satisfies Readonly<Record<string, System>>

export type SystemName = keyof typeof systems

async function startAuthjs({ ask }: Client): Promise<string> {
  const { csrfToken } = JSON.parse((await ask('/auth/csrf')).text)
  const body = new URLSearchParams({ csrfToken, callbackUrl: '/' }).toString()
  const headers = { 'content-type': 'application/x-www-form-urlencoded' }
  const path = '/auth/signin/microsoft-entra-id'
  return (await ask(path, { method: 'POST', headers, body })).location
}

async function startBetterAuth({ ask }: Client, base: string): Promise<string> {
  const body = JSON.stringify({ provider: 'microsoft', callbackURL: '/' })
  const headers = { 'content-type': 'application/json', origin: base }
  const answer = await ask('/api/auth/sign-in/social', { method: 'POST', headers, body })
  return JSON.parse(answer.text).url
}
