import { constants, createHmac, type KeyObject, randomBytes, sign } from 'node:crypto'
import type { IdTokenFault } from './faults.ts'
import type { Claims } from './id-token-claims.ts'
import type { SigningKey, SigningKeys } from './signing-keys.ts'

/** The key that signs a token; `fault` is the way in which the token is wrong, if any. */
export type IdTokenSigning = {
  readonly keys: SigningKeys
  readonly clientSecret: string
  readonly fault: IdTokenFault | undefined
}

/**
 * Signs an ID token. The code uses no library, because a library would refuse to create most of the broken ones.
 *
 * @see RFC 7515 §5.1
 */
export async function signIdToken(claims: Claims, signing: IdTokenSigning): Promise<string> {
  const { keys, fault } = signing
  const current = await keys.current()
  const signer = fault?.signature === 'other_key' ? await keys.unpublished() : current

  const header = faultyHeader(current, fault)
  const payload = without({ ...claims, ...fault?.setClaims }, fault?.removeClaims)
  const signedText = `${encode(header)}.${encode(payload)}`
  const signature = newSignature(signedText, signer, signing)

  const sentText = `${encode(header)}.${encode({ ...payload, ...fault?.forgeClaims })}`
  return `${sentText}.${signature.toString('base64url')}`
}

/**
 * Signs an access token. Those of version 1 also have the thumbprint of the certificate in their header.
 *
 * @see RFC 7515 §5.1
 */
export function signAccessToken(claims: Claims, key: SigningKey, version: 1 | 2): string {
  const header = {
    typ: 'JWT',
    alg: 'RS256',
    ...(version === 1 ? { x5t: key.kid } : {}),
    kid: key.kid,
  }
  const signedText = `${encode(header)}.${encode(claims)}`
  return `${signedText}.${signWithRsa(signedText, key.privateKey, 'RS256').toString('base64url')}`
}

function faultyHeader(key: SigningKey, fault: IdTokenFault | undefined): Claims {
  const honest = { typ: 'JWT', alg: fault?.algorithm ?? 'RS256', kid: key.kid }
  return without({ ...honest, ...fault?.setHeader }, fault?.removeHeader)
}

function without(members: Claims, removed: readonly string[] = []): Claims {
  return Object.fromEntries(Object.entries(members).filter(([name]) => !removed.includes(name)))
}

function encode(part: Claims): string {
  return Buffer.from(JSON.stringify(part)).toString('base64url')
}

function newSignature(text: string, key: SigningKey, signing: IdTokenSigning): Buffer {
  const { fault } = signing
  const algorithm = fault?.algorithm ?? 'RS256'
  if (fault?.signature === 'garbage') return randomBytes(256)
  if (fault?.signature === 'empty' || algorithm.toLowerCase() === 'none') return Buffer.alloc(0)
  if (algorithm.startsWith('HS')) {
    return createHmac(hashOf(algorithm), hmacKey(key, signing)).update(text).digest()
  }
  return signWithRsa(text, key.privateKey, algorithm)
}

function hmacKey(key: SigningKey, { fault, clientSecret }: IdTokenSigning): string {
  return fault?.hmacKey === 'public_key'
    ? key.publicKey.export({ type: 'spki', format: 'pem' }).toString()
    : clientSecret
}

/** @see RFC 7518 §3.3 and §3.5 */
function signWithRsa(text: string, key: KeyObject, algorithm: string): Buffer {
  const padding = algorithm.startsWith('PS')
    ? { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST }
    : {}
  return sign(hashOf(algorithm), Buffer.from(text), { key, ...padding })
}

function hashOf(algorithm: string): string {
  const bits = algorithm.slice(-3)
  return ['256', '384', '512'].includes(bits) ? `sha${bits}` : 'sha256'
}
