import { readStrictJson } from '../../protocol/strict-json.ts'
import type { Services } from '../../services.ts'

/** The values that a customer enters in Entra to trust this deployment's token. */
export type FederatedIdentity = {
  readonly issuer: string
  readonly subject: string
  readonly audience: string
}

/**
 * Reads the values from the token itself, so that they cannot be configured wrongly. Returns `undefined` if there is no token, or
 * if it cannot be read.
 */
export function findFederatedIdentity({
  readFederatedToken,
}: Pick<Services, 'readFederatedToken'>): FederatedIdentity | undefined {
  if (readFederatedToken === undefined) return undefined
  try {
    return parseIdentity(readFederatedToken())
  } catch {
    return undefined // an error of a file or a parser could quote the token
  }
}

function parseIdentity(federatedToken: string): FederatedIdentity | undefined {
  const payload = federatedToken.trim().split('.')[1] ?? ''
  const read = readStrictJson(Buffer.from(payload, 'base64url').toString('utf8'))
  if (read.kind === 'refused') return undefined
  const { iss, sub, aud } = Object(read.value) as Readonly<Record<string, unknown>> // members are checked next
  const audience = Array.isArray(aud) && aud.length === 1 ? aud[0] : aud
  const isText = (value: unknown): value is string => typeof value === 'string' && value !== ''
  return isText(iss) && isText(sub) && isText(audience)
    ? { issuer: iss, subject: sub, audience }
    : undefined
}
