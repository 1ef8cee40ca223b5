/**
 * GET /auth/server returns which server answers at an address, under a path that every reverse proxy of deploy/proxies passes on.
 *
 *   any request                       → { "server": "entrada" }
 *   with `entrada-challenge`          → the server proves that it knows the operator token, without receiving it
 *   with `entrada-question` as well   → the caller proves the same, and learns how the server received this request
 */
import type { Services } from '../services.ts'
import type { Exchange } from './exchange.ts'
import { jsonResponse } from './responses.ts'
import { version } from './version.ts'

/** The path at which the command line and the doctor look for a server. */
export const SERVER_PATH = '/auth/server'

/** What `entrada doctor` learns about the server and about its own request. */
export type ServerDescription = {
  readonly version: string
  readonly at: string
  /** Ids of the keys in the key ring; the first one seals. */
  readonly keyIds: readonly string[]
  readonly received: ReceivedRequest
}
export type ReceivedRequest = {
  /** Path and query of the request. */
  readonly target: string
  readonly remoteAddress: string | null
  readonly isTrustedProxy: boolean
  /** The address that logs and limits use as the client's. */
  readonly client: string | null
  /** The {@link describedHeaders} that arrived. */
  readonly headers: Readonly<Record<string, string>>
}

/** Headers that reverse proxies are known to drop, to add or to rewrite. */
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

/** This cookie is sent with a description, so that the doctor sees whether our cookies pass the proxies. It expires at once. */
export const PROBE_COOKIE = 'entrada-doctor=passed; Path=/; HttpOnly; SameSite=Lax; Max-Age=0'

/** Answers GET /auth/server, with a description for a caller that proves that it knows the operator token. */
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
  /** SHA-256 of the operator token in hex. The token has 256 random bits, so a hash of it and a challenge reveals nothing. */
  readonly tokenHash: string
  readonly challenge: string
}

/**
 * Returns the text whose hash is the server's proof. It contains the server's address, so that a server in between cannot pass on
 * the proof of another one.
 */
export function proofText(of: Hashed & { readonly serverUrl: URL }): string {
  return `entrada ${of.serverUrl.origin} ${of.challenge} ${of.tokenHash}`
}

/** Returns the text whose hash is the caller's proof; it opens the description and nothing else. */
export function questionText({ challenge, tokenHash }: Hashed): string {
  return `entrada question ${challenge} ${tokenHash}`
}

function plainAnswer(): Response {
  return jsonResponse({ server: 'entrada' })
}

function describe(
  services: Pick<Services, 'isTrustedProxy' | 'keyRing' | 'now'>,
  exchange: Exchange,
): Response {
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
