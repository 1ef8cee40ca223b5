/**
 * The least that a sign-in with Entra can be: `state`, nonce and code verifier in a cookie, one token call, the ID token verified, user
 * and session stored. Sign-ins of one turn of the event loop share a commit. With WITH_MSAL, MSAL makes the address and the token call.
 */
import { createPublicKey, hash, type KeyObject, randomBytes, randomUUID, verify } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { Agent, request as httpsRequest } from 'node:https'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import {
  baseUrl,
  clientId,
  clientSecret,
  dataFolder,
  idp,
  issuer,
  port,
  tenant,
} from './environment.ts'

type Claims = {
  readonly iss: string
  readonly aud: string
  readonly exp: number
  readonly nonce: string
  readonly tid: string
  readonly oid: string
  readonly email: string
  readonly name: string
}
type Redeem = (code: string, verifier: string, nonce: string) => Promise<string>
type Departure = { readonly state: string; readonly nonce: string; readonly challenge: string }

const SESSION_MS = 8 * 3_600_000
const redirectUri = `${baseUrl}/callback`
const agent = new Agent({ keepAlive: true, maxSockets: 64 })
const { authorizationUrl, redeem } = process.env.WITH_MSAL ? await withMsal() : withoutMsal()
const { save, find } = openStore()
const keys = new Map<string, KeyObject>()

createServer((incoming, outgoing) => {
  answer(incoming, outgoing).catch((error) => outgoing.writeHead(500).end(String(error)))
}).listen(port, '127.0.0.1')

async function answer(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
  const { url = '' } = incoming
  if (url === '/login') await login(outgoing)
  else if (url.startsWith('/callback?')) await callback(incoming, outgoing)
  else if (url === '/me') showUser(incoming, outgoing)
  else outgoing.writeHead(url === '/healthz' ? 200 : 404).end()
}

async function login(outgoing: ServerResponse): Promise<void> {
  const [state, nonce, verifier] = [text(16), text(16), text(32)] as const
  const challenge = hash('sha256', verifier, 'base64url')
  const location = await authorizationUrl({ state, nonce, challenge })
  const attempt = `attempt=${state}.${nonce}.${verifier}; Path=/callback; HttpOnly; SameSite=Lax`
  outgoing.writeHead(302, { location, 'set-cookie': attempt, 'content-length': 0 }).end()
}

async function callback(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
  const answered = new URLSearchParams(incoming.url?.slice('/callback?'.length))
  const [state = '', nonce = '', verifier = ''] = (cookie(incoming, 'attempt') ?? '').split('.')
  if (state === '' || answered.get('state') !== state) {
    outgoing.writeHead(400).end('state')
    return
  }
  const idToken = await redeem(answered.get('code') ?? '', verifier, nonce)
  const claims = await verified(idToken, nonce)
  const token = text(32)
  await save(claims, hash('sha256', token, 'base64url'))
  outgoing
    .writeHead(302, {
      location: '/',
      'set-cookie': [
        `sid=${token}; Path=/; HttpOnly; SameSite=Lax; Max-Age=28800`,
        'attempt=; Path=/callback; Max-Age=0',
      ],
      'content-length': 0,
    })
    .end()
}

function showUser(incoming: IncomingMessage, outgoing: ServerResponse): void {
  const token = cookie(incoming, 'sid')
  const user = token && find(hash('sha256', token, 'base64url'))
  if (!user) {
    outgoing.writeHead(401).end()
    return
  }
  const body = JSON.stringify(user)
  const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }
  outgoing.writeHead(200, headers).end(body)
}

function withoutMsal() {
  const address = new URL(`${idp}/${tenant}/oauth2/v2.0/authorize`)
  address.search = new URLSearchParams({
    client_id: clientId,
    response_type: 'code',
    redirect_uri: redirectUri,
    scope: 'openid profile email',
  }).toString()
  const authorizationUrl = async ({ state, nonce, challenge }: Departure) =>
    `${address}&state=${state}&nonce=${nonce}&code_challenge=${challenge}&code_challenge_method=S256`
  const redeem: Redeem = async (code, verifier) => {
    const form = {
      client_id: clientId,
      client_secret: clientSecret,
      grant_type: 'authorization_code',
      code,
      redirect_uri: redirectUri,
      code_verifier: verifier,
    }
    const { body } = await send('POST', `${idp}/${tenant}/oauth2/v2.0/token`, {
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams(form).toString(),
    })
    return (body as { id_token: string }).id_token
  }
  return { authorizationUrl, redeem }
}

async function withMsal() {
  const { ConfidentialClientApplication } = await import('@azure/msal-node')
  const application = new ConfidentialClientApplication({
    auth: {
      clientId,
      clientSecret,
      authority: `${idp}/${tenant}`,
      knownAuthorities: [new URL(idp).host],
    },
    system: {
      networkClient: {
        sendGetRequestAsync: (url, options) => send('GET', url, options) as never,
        sendPostRequestAsync: (url, options) => send('POST', url, options) as never,
      },
    },
  })
  const scopes = ['openid', 'profile', 'email']
  const authorizationUrl = ({ state, nonce, challenge }: Departure) =>
    application.getAuthCodeUrl({
      scopes,
      redirectUri,
      state,
      nonce,
      codeChallenge: challenge,
      codeChallengeMethod: 'S256',
      responseMode: 'query',
    })
  const redeem: Redeem = async (code, verifier, nonce) => {
    const request = { code, scopes, redirectUri, codeVerifier: verifier, nonce }
    const { idToken } = await application.acquireTokenByCode(request)
    application.clearCache()
    return idToken
  }
  return { authorizationUrl, redeem }
}

type Sent = { readonly status: number; readonly headers: unknown; readonly body: unknown }

function send(
  method: string,
  url: string,
  options: { headers?: Record<string, string>; body?: string } = {},
): Promise<Sent> {
  const { body = '' } = options
  const headers = { ...options.headers, 'content-length': Buffer.byteLength(body) }
  return new Promise((resolve, reject) => {
    const sent = httpsRequest(url, { method, agent, headers }, (response) => {
      let answered = ''
      response.setEncoding('utf8')
      response.on('data', (chunk) => {
        answered += chunk
      })
      response.on('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          body: JSON.parse(answered),
        }),
      )
    })
    sent.on('error', reject)
    sent.end(body)
  })
}

async function verified(idToken: string, nonce: string): Promise<Claims> {
  const [header = '', payload = '', signature = ''] = idToken.split('.')
  const { alg, kid } = JSON.parse(Buffer.from(header, 'base64url').toString())
  const key = alg === 'RS256' ? await keyOf(kid) : undefined
  const signed = Buffer.from(`${header}.${payload}`)
  if (!key || !verify('sha256', signed, key, Buffer.from(signature, 'base64url'))) {
    throw new Error('signature')
  }
  const claims: Claims = JSON.parse(Buffer.from(payload, 'base64url').toString())
  const isOurs = claims.iss === issuer && claims.aud === clientId && claims.tid === tenant
  if (!isOurs || claims.nonce !== nonce || claims.exp < Date.now() / 1000) throw new Error('claims')
  return claims
}

async function keyOf(kid: string): Promise<KeyObject | undefined> {
  if (!keys.has(kid)) {
    const published = await fetch(`${idp}/${tenant}/discovery/v2.0/keys`)
    const { keys: all } = (await published.json()) as { keys: (JsonWebKey & { kid: string })[] }
    for (const key of all) keys.set(key.kid, createPublicKey({ key, format: 'jwk' }))
  }
  return keys.get(kid)
}

type Waiting = {
  readonly claims: Claims
  readonly tokenHash: string
  readonly resolve: () => void
  readonly reject: (error: unknown) => void
}

function openStore() {
  const database = new DatabaseSync(join(dataFolder, 'floor.db'))
  database.exec(`
    pragma journal_mode = wal; pragma synchronous = full;
    create table users (id text primary key, tid text, oid text, email text, name text, unique (tid, oid));
    create table sessions (id text primary key, user_id text, created integer, expires integer);
  `)
  const findUser = database.prepare('select id from users where tid = ? and oid = ?')
  const addUser = database.prepare('insert into users values (?, ?, ?, ?, ?)')
  const addSession = database.prepare('insert into sessions values (?, ?, ?, ?)')
  const findSession = database.prepare(
    'select expires, users.id, email, name from sessions join users on users.id = user_id where sessions.id = ?',
  )
  let waiting: Waiting[] = []

  function write({ claims: { tid, oid, email, name }, tokenHash }: Waiting): void {
    const known = findUser.get(tid, oid) as { id: string } | undefined
    const id = known?.id ?? randomUUID()
    if (known === undefined) addUser.run(id, tid, oid, email, name)
    addSession.run(tokenHash, id, Date.now(), Date.now() + SESSION_MS)
  }

  function commit(): void {
    const batch = waiting
    waiting = []
    try {
      database.exec('begin immediate')
      for (const waiter of batch) write(waiter)
      database.exec('commit')
      for (const { resolve } of batch) resolve()
    } catch (error) {
      database.exec('rollback')
      for (const { reject } of batch) reject(error)
    }
  }

  return {
    save: (claims: Claims, tokenHash: string) =>
      new Promise<void>((resolve, reject) => {
        if (waiting.length === 0) setImmediate(commit)
        waiting.push({ claims, tokenHash, resolve, reject })
      }),
    find(tokenHash: string): Readonly<Record<string, unknown>> | undefined {
      const found = findSession.get(tokenHash)
      return found && Number(found.expires) > Date.now() ? found : undefined
    },
  }
}

function cookie({ headers }: IncomingMessage, name: string): string | undefined {
  const pairs = (headers.cookie ?? '').split('; ')
  return pairs.find((pair) => pair.startsWith(`${name}=`))?.slice(name.length + 1)
}

function text(bytes: number): string {
  return randomBytes(bytes).toString('base64url')
}
