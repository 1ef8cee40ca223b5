/**
 * A stand-in for Entra that is as fast as Node allows, in a process of its own: it approves every authorization request at once. The
 * emulator of Entrada does far more for each, and would be what is measured. Started by `compare.ts` with the certificate's files.
 */
import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  hash,
  randomBytes,
  sign,
} from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer } from 'node:https'
import { CLIENT_ID, CLIENT_SECRET, IDP, IDP_PORT, LATENCY_MS, PEOPLE, TENANT } from './settings.ts'

const MOST_CODES = 20_000
const [, , keyFile = '', certificateFile = ''] = process.argv
const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
const signingKey = createPrivateKey(privateKey.export({ type: 'pkcs8', format: 'pem' }))
const { n = '', e = '' } = createPublicKey(signingKey).export({ format: 'jwk' })
const kid = createHash('sha1').update(n).digest('base64url')
const header = base64url({ typ: 'JWT', alg: 'RS256', kid })
const issuer = `${IDP}/${TENANT}/v2.0`
const base = `${IDP}/${TENANT}`

const discovery = JSON.stringify({
  issuer,
  authorization_endpoint: `${base}/oauth2/v2.0/authorize`,
  token_endpoint: `${base}/oauth2/v2.0/token`,
  jwks_uri: `${base}/discovery/v2.0/keys`,
  end_session_endpoint: `${base}/oauth2/v2.0/logout`,
  userinfo_endpoint: `${IDP}/oidc/userinfo`,
  response_types_supported: ['code'],
  response_modes_supported: ['query'],
  subject_types_supported: ['pairwise'],
  id_token_signing_alg_values_supported: ['RS256'],
  token_endpoint_auth_methods_supported: ['client_secret_post', 'client_secret_basic'],
  scopes_supported: ['openid', 'profile', 'email', 'offline_access'],
  msgraph_host: 'graph.microsoft.com',
})
const publicKeys = JSON.stringify({
  keys: [{ kty: 'RSA', use: 'sig', alg: 'RS256', kid, n, e, issuer }],
})
const instances = JSON.stringify({
  tenant_discovery_endpoint: `${issuer}/.well-known/openid-configuration`,
  'api-version': '1.1',
  metadata: [
    {
      preferred_network: `localhost:${IDP_PORT}`,
      preferred_cache: `localhost:${IDP_PORT}`,
      aliases: [`localhost:${IDP_PORT}`],
    },
  ],
})

type Granted = {
  readonly person: number
  readonly nonce: string | null
  readonly challenge: string | null
  readonly redirectUri: string
}
const granted = new Map<string, Granted>()
let count = 0

createServer(
  { key: readFileSync(keyFile), cert: readFileSync(certificateFile), keepAliveTimeout: 60_000 },
  (incoming, outgoing) => {
    const { pathname, searchParams } = new URL(incoming.url ?? '', IDP)
    if (pathname.endsWith('/authorize')) authorize(searchParams, outgoing)
    else if (pathname.endsWith('/token')) void redeem(incoming, outgoing)
    else if (pathname.endsWith('/openid-configuration')) answer(outgoing, 200, discovery)
    else if (pathname.endsWith('/keys')) answer(outgoing, 200, publicKeys)
    else if (pathname.endsWith('/discovery/instance')) answer(outgoing, 200, instances)
    else answer(outgoing, 404, '{"error":"not_found"}')
  },
).listen(IDP_PORT, '127.0.0.1', () => process.send?.('ready'))

function authorize(parameters: URLSearchParams, outgoing: ServerResponse): void {
  const redirectUri = parameters.get('redirect_uri') ?? ''
  if (parameters.get('client_id') !== CLIENT_ID || !redirectUri.startsWith('http://localhost:')) {
    answer(outgoing, 400, '{"error":"invalid_request"}')
    return
  }
  // As long as those of Entra.
  const code = `1.${randomBytes(48).toString('base64url')}${'c'.repeat(600)}`
  granted.set(code, {
    person: count % PEOPLE,
    nonce: parameters.get('nonce'),
    challenge: parameters.get('code_challenge'),
    redirectUri,
  })
  count += 1
  for (const oldest of granted.keys()) {
    if (granted.size <= MOST_CODES) break
    granted.delete(oldest)
  }
  const location = new URL(redirectUri)
  location.searchParams.set('code', code)
  const state = parameters.get('state')
  if (state !== null) location.searchParams.set('state', state)
  answer(outgoing, 302, '', { location: location.href })
}

async function redeem(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
  let body = ''
  for await (const chunk of incoming.setEncoding('utf8')) body += chunk
  const form = new URLSearchParams(body)
  const grant = granted.get(form.get('code') ?? '')
  granted.delete(form.get('code') ?? '')
  const refusal = grant ? refusalOf(form, incoming.headers.authorization, grant) : 'invalid_grant'
  if (refusal !== undefined || grant === undefined) {
    answer(outgoing, 400, JSON.stringify({ error: refusal }))
    return
  }
  const tokens = {
    token_type: 'Bearer',
    scope: 'openid profile email',
    expires_in: 3_899,
    access_token: 'an-access-token-that-nobody-reads',
    id_token: idToken(grant),
    client_info: base64url({ uid: objectId(grant.person), utid: TENANT }),
  }
  answer(outgoing, 200, JSON.stringify(tokens))
}

function refusalOf(
  form: URLSearchParams,
  authorization: string | undefined,
  { challenge, redirectUri }: Granted,
): string | undefined {
  const [id = '', secret = ''] = Buffer.from(authorization?.slice('Basic '.length) ?? '', 'base64')
    .toString()
    .split(':')
    .map(decodeURIComponent)
  const isClient = (form.get('client_id') ?? id) === CLIENT_ID
  if (!isClient || (form.get('client_secret') ?? secret) !== CLIENT_SECRET) return 'invalid_client'
  if (form.get('redirect_uri') !== redirectUri) return 'invalid_grant'
  const verifier = form.get('code_verifier') ?? ''
  if (challenge !== null && hash('sha256', verifier, 'base64url') !== challenge) {
    return 'invalid_grant'
  }
  return undefined
}

function idToken({ person, nonce }: Granted): string {
  const now = Math.floor(Date.now() / 1000)
  const email = `user${person}@contoso.example`
  const payload = base64url({
    aud: CLIENT_ID,
    iss: issuer,
    iat: now - 5,
    nbf: now - 5,
    exp: now + 3_900,
    email,
    name: `Test User ${person}`,
    oid: objectId(person),
    preferred_username: email,
    sub: `sub_${String(person).padStart(39, 'x')}`,
    tid: TENANT,
    ver: '2.0',
    roles: ['Admin', 'Reader'],
    groups: Array.from({ length: 8 }, (_, index) => uuid('96000000', index)),
    ...(nonce === null ? {} : { nonce }),
  })
  const signed = `${header}.${payload}`
  return `${signed}.${sign('sha256', Buffer.from(signed), signingKey).toString('base64url')}`
}

function answer(
  outgoing: ServerResponse,
  status: number,
  body: string,
  headers: Readonly<Record<string, string>> = {},
): void {
  setTimeout(() => {
    outgoing
      .writeHead(status, {
        'content-type': 'application/json; charset=utf-8',
        'cache-control': 'no-store',
        'content-length': Buffer.byteLength(body),
        ...headers,
      })
      .end(body)
  }, LATENCY_MS)
}

function objectId(person: number): string {
  return uuid('0d000000', person)
}

function uuid(prefix: string, index: number): string {
  return `${prefix}-0000-4000-8000-${String(index).padStart(12, '0')}`
}

function base64url(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}
