import { createECDH, createHash } from 'node:crypto'
import type { KeyRing } from '../keys/key-ring.ts'
import type { TokenKey } from './identity-token.ts'

/** The order of P-256's group. @see FIPS 186-5; SEC 2 §2.4.2 */
const ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n
/** 128 bits more than the order has, so that no private key is likelier than another. @see FIPS 186-5 §A.2.1 */
const SEED_BYTES = 48

/**
 * Derives one ES256 key from each key of the ring, in the same order. Replicas with the same ring sign and publish the same keys,
 * and nothing is stored.
 */
export async function deriveTokenKeys(ring: KeyRing): Promise<readonly [TokenKey, ...TokenKey[]]> {
  const seeds = ring.deriveBytes('identity-token', SEED_BYTES)
  const [first, ...others] = await Promise.all(seeds.map(toTokenKey))
  if (first === undefined) throw new Error('a key ring has a key')
  return [first, ...others]
}

async function toTokenKey(seed: Uint8Array): Promise<TokenKey> {
  const scalar = (BigInt(`0x${Buffer.from(seed).toString('hex')}`) % (ORDER - 1n)) + 1n
  const d = Buffer.from(scalar.toString(16).padStart(64, '0'), 'hex')
  const curve = createECDH('prime256v1')
  curve.setPrivateKey(d)
  const point = curve.getPublicKey()
  const publicKey = {
    kty: 'EC',
    crv: 'P-256',
    x: point.subarray(1, 33).toString('base64url'),
    y: point.subarray(33).toString('base64url'),
  }
  const privateKey = await crypto.subtle.importKey(
    'jwk',
    { ...publicKey, d: d.toString('base64url') },
    { name: 'ECDSA', namedCurve: 'P-256' },
    false,
    ['sign'],
  )
  return { keyId: thumbprint(publicKey), privateKey, publicKey }
}

/** Returns the thumbprint of a public key. @see RFC 7638 §3 */
function thumbprint({ crv, kty, x, y }: Readonly<Record<'crv' | 'kty' | 'x' | 'y', string>>) {
  return createHash('sha256').update(JSON.stringify({ crv, kty, x, y })).digest('base64url')
}
