/**
 * GET /auth/server: which server answers at an address, under a path that every reverse proxy of deploy/proxies passes on.
 *
 *   anybody                           → { "server": "entrada" }
 *   with `entrada-challenge`          → the server proves that it knows the operator token, which it is not sent
 *   with `entrada-question` as well   → the caller proves the same, and learns how the server received this request
 */
import type { Services } from '../services.ts'
import type { Exchange } from './exchange.ts'
import { jsonResponse } from './responses.ts'
import { version } from './version.ts'

/** Where the command line and the doctor look for a server. */
export const SERVER_PATH = '/auth/server'

/** What `entrada doctor` learns about the server and about its own request. */
export type ServerDescription = {
  readonly version: string
  readonly at: string
  /** Ids of the key ring, the sealing one first. */
  readonly keyIds: readonly string[]
  readonly received: ReceivedRequest
}
export type ReceivedRequest = {
  /** Path and query. */
  readonly target: string
  readonly remoteAddress: string | null
  readonly isTrustedProxy: boolean
  /** The address that logs and limits take for the client's. */
  readonly client: string | null
  /** Those of {@link describedHeaders} that came. */
  readonly headers: Readonly<Record<string, string>>
}

/** What a reverse proxy is known to drop, to add or to write anew. */
const describedHeaders = [
  'host',
  'cookie',
  'authorization',
  'origin',
  'sec-fetch-site',
  'accept-language',
  'user-agent',
  'x-forwarded-for',
  'x-forwarded-proto',
  'x-forwarded-host',
  'x-forwarded-port',
  'forwarded',
  'via',
] as const

/** Sent back with a description, so that the doctor sees whether a cookie of ours passes. It is gone at once. */
export const PROBE_COOKIE = 'entrada-doctor=passed; Path=/; HttpOnly; SameSite=Lax; Max-Age=0'

export async function showServer(services: Services, exchange: Exchange): Promise<Response> {
  const { sha256, deployment } = services
  const { headers } = exchange.request
  const challenge = headers.get('entrada-challenge')
  if (challenge === null || !/^[A-Za-z0-9_-]{43}$/.test(challenge)) return plainAnswer()
  const { operatorTokenHashes, publicUrls } = deployment
  const question = headers.get('entrada-question')
  const isAllowed = operatorTokenHashes.some(
    (tokenHash) => question === sha256(questionText({ tokenHash, challenge })),
  )
  const response = isAllowed ? describe(services, exchange) : plainAnswer()
  const proofs = operatorTokenHashes.map((tokenHash) =>
    sha256(proofText({ tokenHash, challenge, serverUrl: publicUrls[0] })),
  )
  response.headers.set('entrada-proof', proofs.join(','))
  return response
}

type Hashed = {
  /** SHA-256 of the operator token, hex; the token has 256 random bits, so its hash with a challenge gives nothing away. */
  readonly tokenHash: string
  readonly challenge: string
}

/** The server's proof. Bound to its address, so that a server in between cannot pass on another one's. */
export function proofText(of: Hashed & { readonly serverUrl: URL }): string {
  return `entrada ${of.serverUrl.origin} ${of.challenge} ${of.tokenHash}`
}

/** The caller's proof, which opens a description and nothing else. */
export function questionText({ challenge, tokenHash }: Hashed): string {
  return `entrada question ${challenge} ${tokenHash}`
}

function plainAnswer(): Response {
  return jsonResponse({ server: 'entrada' })
}

function describe(services: Services, exchange: Exchange): Response {
  const { request, url, target, remoteAddress, here, client } = exchange
  const headers = describedHeaders.flatMap((name) => {
    const value = request.headers.get(name)
    return value === null ? [] : [[name, value] as const]
  })
  const description: ServerDescription = {
    version,
    at: services.now().toISOString(),
    keyIds: services.keyRing.keyIds,
    received: {
      target: target ?? url.pathname + url.search,
      remoteAddress: remoteAddress ?? null,
      isTrustedProxy: services.isTrustedProxy(remoteAddress),
      client: client.ip ?? null,
      headers: Object.fromEntries(headers),
    },
  }
  const response = jsonResponse({ server: 'entrada', ...description })
  const secure = here.protocol === 'https:' ? '; Secure' : ''
  response.headers.append('set-cookie', PROBE_COOKIE + secure)
  return response
}
