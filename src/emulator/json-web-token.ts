import { constants, type KeyObject, verify } from 'node:crypto'

/** The parts of a signed token that is not verified yet. */
export type ParsedJwt = {
  readonly header: Readonly<Record<string, unknown>>
  readonly claims: Readonly<Record<string, unknown>>
  readonly signedText: string
  readonly signature: Buffer
}

/**
 * Splits a compact JWS of a JWT into its parts; returns `undefined` if it is none.
 *
 * @see RFC 7515 §5.2, RFC 7519 §7.2
 */
export function parseJwt(text: string): ParsedJwt | undefined {
  const parts = /^([\w-]+)\.([\w-]+)\.([\w-]+)$/.exec(text)
  if (parts === null) return undefined
  const [, encodedHeader = '', encodedClaims = '', encodedSignature = ''] = parts
  const header = parseJsonPart(encodedHeader)
  const claims = parseJsonPart(encodedClaims)
  if (header === undefined || claims === undefined) return undefined
  return {
    header,
    claims,
    signedText: `${encodedHeader}.${encodedClaims}`,
    signature: Buffer.from(encodedSignature, 'base64url'),
  }
}

/**
 * Returns whether a public RSA key verifies a token that is signed with RS256 or PS256; other algorithms are refused.
 *
 * @see RFC 7518 §3.3 and §3.5
 */
export function isSignedBy(jwt: ParsedJwt, key: KeyObject): boolean {
  if (key.asymmetricKeyType !== 'rsa') return false
  const text = Buffer.from(jwt.signedText)
  switch (jwt.header.alg) {
    case 'RS256':
      return verify('sha256', text, key, jwt.signature)
    case 'PS256':
      return verify('sha256', text, { key, ...pss }, jwt.signature)
    default:
      return false
  }
}

/** Returns whether a time is within the token's `nbf` and `exp`, with five minutes of skew. */
export function isCurrent({ claims }: ParsedJwt, now: Date): boolean {
  const seconds = now.getTime() / 1000
  const { exp, nbf = 0 } = claims
  if (typeof exp !== 'number' || typeof nbf !== 'number') return false
  return exp > seconds - SKEW_SECONDS && nbf < seconds + SKEW_SECONDS
}

const SKEW_SECONDS = 300
const pss = {
  padding: constants.RSA_PKCS1_PSS_PADDING,
  saltLength: constants.RSA_PSS_SALTLEN_DIGEST,
}

function parseJsonPart(encoded: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(encoded, 'base64url').toString('utf8'))
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value)
    return isObject ? { ...value } : undefined
  } catch {
    return undefined
  }
}
