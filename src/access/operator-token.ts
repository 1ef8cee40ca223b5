/** The operator token: compares what a request offers with the configured tokens. */
import type { Deployment } from '../deployment.ts'
import type { Services } from '../services.ts'

/** The actor of everything that is done with an operator token; a token names no person. */
export const operatorActor = { kind: 'operator', id: 'operator_token' } as const

type TokenServices = Pick<Services, 'sha256'> & {
  readonly deployment: Pick<Deployment, 'operatorTokenHashes'>
}

/**
 * Returns whether a text is one of the operator tokens. Digests are compared, so that the time taken reveals nothing of the token. An
 * empty text is never a token, whatever is configured.
 */
export function isOperatorToken(services: TokenServices, offered: string): boolean {
  if (offered.trim() === '') return false
  return services.deployment.operatorTokenHashes.includes(hashOfOperatorToken(services, offered))
}

/** Returns the SHA-256 under which a token is configured and under which its sessions are stored. */
export function hashOfOperatorToken({ sha256 }: Pick<Services, 'sha256'>, token: string): string {
  return sha256(token.trim())
}
