import {
  createCipheriv,
  createDecipheriv,
  createHash,
  createHmac,
  createSecretKey,
  hkdfSync,
  type KeyObject,
  randomBytes,
  timingSafeEqual,
} from 'node:crypto'
import { EntradaError } from '../errors/errors.ts'
import type { Secret } from './secret.ts'

/** Each purpose has a key of its own, so that a value sealed for one cannot be opened for another. */
export type KeyPurpose =
  | 'attempt-cookie'
  | 'claims-challenge'
  | 'sign-out-state'
  | 'last-connection'
  | 'form-token'
  | 'connection-credential'
  | 'trace-person'
  | 'session-grant'
  | 'test-result'
  | 'audit-chain'
  | 'identity-token'
  | 'webhook-secret'
  | 'username-key'

export type KeyRing = {
  /** Ids of the keys in the ring; the first one seals. */
  readonly keyIds: readonly string[]
  /** Seals text as `v1.<key id>.<nonce>.<ciphertext>` (AES-256-GCM). `associatedData` is the place where the value is stored. */
  seal(purpose: KeyPurpose, text: string, associatedData: string): string
  /** Opens a sealed text. @throws {EntradaError} `sealed_value_invalid`, `secret_key_missing` */
  open(purpose: KeyPurpose, sealed: string, associatedData: string): string
  /** Returns whether a value is sealed under the first key. */
  isNewest(sealed: string): boolean
  /** Returns the HMAC-SHA-256 under the first key in base64url. It is equal on all replicas with the same ring. */
  mac(purpose: KeyPurpose, text: string): string
  /** Returns the MACs under every key of the ring, that of the first key first, to find what was stored under any of them. */
  macs(purpose: KeyPurpose, text: string): readonly string[]
  /** Derives so many bytes from each key of the ring, in its order. */
  deriveBytes(purpose: KeyPurpose, byteCount: number): readonly Uint8Array[]
  /** Returns whether the text is the MAC under any key of the ring: during a rotation, replicas have different first keys. */
  isMac(purpose: KeyPurpose, text: string, mac: string): boolean
  /** Returns a MAC for values that outlive rotations, `v1.<key id>.<mac>`. */
  sign(purpose: KeyPurpose, text: string): string
  checkSignature(purpose: KeyPurpose, text: string, signature: string): SignatureCheck
}
/** `key_missing` means that the signature names a key that is not in the ring, so it cannot be checked. */
export type SignatureCheck = 'valid' | 'forged' | 'key_missing'

const VERSION = 'v1'
const TAG_BYTES = 16

/**
 * Creates the ring from base64url keys of 32 bytes; the first one seals, and all of them open.
 *
 * @throws {EntradaError} `secret_key_missing` when there is none, `settings_invalid` when one is not 32 bytes
 */
export function createKeyRing(secretKeys: readonly Secret[]): KeyRing {
  const keys = new Map(secretKeys.map((key) => [keyIdOf(key), keyBytes(key)]))
  const keyIds = [...keys.keys()]
  const [sealingKeyId] = keyIds
  if (sealingKeyId === undefined) throw new EntradaError('secret_key_missing', { keyId: 'any' })
  // As key objects: OpenSSL would prepare the bytes of a key anew for each use, which takes longer than the use itself.
  const derived = new Map<string, KeyObject>()

  function derivedKey(purpose: KeyPurpose, keyId: string): KeyObject {
    const name = `${purpose}.${keyId}`
    const cached = derived.get(name)
    if (cached) return cached
    const master = keys.get(keyId)
    if (!master) throw new EntradaError('secret_key_missing', { keyId })
    const key = createSecretKey(hkdf(master, purpose, 32))
    derived.set(name, key)
    return key
  }

  return {
    keyIds,
    seal(purpose, text, associatedData) {
      const nonce = randomBytes(12)
      const cipher = createCipheriv('aes-256-gcm', derivedKey(purpose, sealingKeyId), nonce)
      cipher.setAAD(Buffer.from(associatedData))
      const sealed = Buffer.concat([
        cipher.update(text, 'utf8'),
        cipher.final(),
        cipher.getAuthTag(),
      ])
      return [
        VERSION,
        sealingKeyId,
        nonce.toString('base64url'),
        sealed.toString('base64url'),
      ].join('.')
    },
    open(purpose, sealed, associatedData) {
      const { keyId, nonce, ciphertext, tag } = parseSealed(sealed)
      const decipher = createDecipheriv('aes-256-gcm', derivedKey(purpose, keyId), nonce)
      decipher.setAAD(Buffer.from(associatedData)).setAuthTag(tag)
      try {
        return Buffer.concat([decipher.update(ciphertext), decipher.final()]).toString('utf8')
      } catch (cause) {
        throw new EntradaError('sealed_value_invalid', { purpose }, { cause })
      }
    },
    isNewest: (sealed) => parseSealed(sealed).keyId === sealingKeyId,
    mac: (purpose, text) => macUnder(derivedKey(purpose, sealingKeyId), text).toString('base64url'),
    macs: (purpose, text) =>
      keyIds.map((keyId) => macUnder(derivedKey(purpose, keyId), text).toString('base64url')),
    deriveBytes: (purpose, byteCount) =>
      [...keys.values()].map((master) => hkdf(master, purpose, byteCount)),
    isMac: (purpose, text, mac) => {
      const bytes = fromBase64Url(mac)
      return keyIds
        .map((keyId) => macUnder(derivedKey(purpose, keyId), text))
        .some((expected) => isEqual(expected, bytes))
    },
    sign: (purpose, text) => {
      const mac = macUnder(derivedKey(purpose, sealingKeyId), text)
      return [VERSION, sealingKeyId, mac.toString('base64url')].join('.')
    },
    checkSignature: (purpose, text, signature) => {
      const [version, keyId = '', mac, ...rest] = signature.split('.')
      if (version !== VERSION || rest.length > 0) return 'forged'
      if (!keys.has(keyId)) return 'key_missing'
      const expected = macUnder(derivedKey(purpose, keyId), text)
      return isEqual(expected, fromBase64Url(mac)) ? 'valid' : 'forged'
    },
  }
}

function isEqual(expected: Buffer, actual: Buffer): boolean {
  return expected.length === actual.length && timingSafeEqual(expected, actual)
}

/** Derives key material. @see RFC 5869 */
function hkdf(master: Buffer, purpose: KeyPurpose, byteCount: number): Buffer {
  return Buffer.from(hkdfSync('sha256', master, '', `entrada ${purpose}`, byteCount))
}

function macUnder(key: KeyObject, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest()
}

function keyIdOf(key: Secret): string {
  return createHash('sha256').update(keyBytes(key)).digest('hex').slice(0, 8)
}

function keyBytes(key: Secret): Buffer {
  const bytes = Buffer.from(key.reveal(), 'base64url')
  if (bytes.length === 32) return bytes
  const problems = ['a key of the key ring is not 32 bytes in base64url']
  throw new EntradaError('settings_invalid', { problems })
}

function parseSealed(sealed: string) {
  const [version, keyId, nonceText, sealedText, ...rest] = sealed.split('.')
  const nonce = fromBase64Url(nonceText)
  const bytes = fromBase64Url(sealedText)
  if (
    version !== VERSION ||
    !keyId ||
    nonce.length !== 12 ||
    bytes.length < TAG_BYTES ||
    rest.length
  ) {
    throw new EntradaError('sealed_value_invalid', { reason: 'shape' })
  }
  return {
    keyId,
    nonce,
    ciphertext: bytes.subarray(0, -TAG_BYTES),
    tag: bytes.subarray(-TAG_BYTES),
  }
}

/** Returns an empty buffer unless the text is spelled exactly as we spell it: Node ignores invalid characters and spare bits. */
function fromBase64Url(text = ''): Buffer {
  const bytes = Buffer.from(text, 'base64url')
  return bytes.toString('base64url') === text ? bytes : Buffer.alloc(0)
}

/** Returns the id of the key that a value is sealed under. */
export function keyIdOfSealed(sealed: string): string {
  return sealed.split('.')[1] ?? ''
}

/** Creates a key for the ring: 32 random bytes as base64url. */
export function newSecretKey(): string {
  return randomBytes(32).toString('base64url')
}
