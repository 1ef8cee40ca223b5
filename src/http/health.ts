import type { Services } from '../services.ts'
import type { Exchange } from './exchange.ts'

/**
 * GET /healthz: the process answers. To a challenge it proves that it knows the operator token, so that the command line does not give
 * the token to whatever else listens at the address.
 */
export async function showAlive(services: Services, { request }: Exchange): Promise<Response> {
  const response = plain('alive', 200)
  const challenge = request.headers.get('entrada-challenge')
  if (challenge !== null && /^[A-Za-z0-9_-]{43}$/.test(challenge)) {
    const { operatorTokenHashes, publicUrls } = services.deployment
    const proofs = operatorTokenHashes.map((tokenHash) =>
      services.sha256(proofText({ tokenHash, challenge, serverUrl: publicUrls[0] })),
    )
    response.headers.set('entrada-proof', proofs.join(','))
  }
  return response
}

/** What is hashed. `tokenHash`: SHA-256 of the operator token, hex; the token has 256 random bits, so the proof gives nothing away. */
export function proofText(of: {
  readonly tokenHash: string
  readonly challenge: string
  readonly serverUrl: URL
}): string {
  return `entrada ${of.serverUrl.origin} ${of.challenge} ${of.tokenHash}`
}

/** GET /readyz: the database answers and its schema fits. @throws {EntradaError} `storage_unavailable` */
export async function showReady(services: Services): Promise<Response> {
  await services.storage.checkReady()
  return plain('ready', 200)
}

function plain(text: string, status: number): Response {
  return new Response(`${text}\n`, {
    status,
    headers: { 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-store' },
  })
}
