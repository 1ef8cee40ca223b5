import { createHash, generateKeyPair, type KeyObject, randomBytes } from 'node:crypto'
import { promisify } from 'node:util'
import { createSelfSignedCertificate } from './certificate.ts'

/** An RSA key with the certificate that Entra would publish for it. */
export type SigningKey = {
  readonly kid: string
  readonly privateKey: KeyObject
  readonly publicKey: KeyObject
  readonly certificate: Buffer
}

/** The keys of one emulator; the first published one signs. */
export type SigningKeys = {
  published(): Promise<readonly SigningKey[]>
  current(): Promise<SigningKey>
  unpublished(): Promise<SigningKey>
  add(): Promise<SigningKey>
  rotate(): Promise<SigningKey>
}

/** Creates a ring of two keys. RSA keys are slow to create, so rings share their first ones. */
export function createSigningKeys(): SigningKeys {
  let published: readonly SigningKey[] | undefined

  async function list(): Promise<readonly SigningKey[]> {
    published ??= await Promise.all([sharedKey(0), sharedKey(1)])
    return published
  }

  async function current(): Promise<SigningKey> {
    const [first] = await list()
    return first ?? sharedKey(0)
  }

  async function publishNew(kept: (keys: readonly SigningKey[]) => readonly SigningKey[]) {
    const key = await createSigningKey()
    published = [key, ...kept(await list())]
    return key
  }

  return {
    published: list,
    current,
    unpublished: () => sharedKey(2),
    add: () => publishNew((keys) => keys),
    rotate: () => publishNew((keys) => keys.slice(1)),
  }
}

/**
 * Returns the published form of a key: without `alg`, and with Microsoft's `issuer` member as a template.
 *
 * @see RFC 7517 §4
 */
export function toPublishedJwk(key: SigningKey, issuer: string): Record<string, unknown> {
  const { n, e } = key.publicKey.export({ format: 'jwk' })
  const x5c = [key.certificate.toString('base64')]
  return { kty: 'RSA', use: 'sig', kid: key.kid, x5t: key.kid, n, e, x5c, issuer }
}

const shared: Promise<SigningKey>[] = []

function sharedKey(index: number): Promise<SigningKey> {
  shared[index] ??= createSigningKey()
  return shared[index]
}

async function createSigningKey(): Promise<SigningKey> {
  const pair = await promisify(generateKeyPair)('rsa', { modulusLength: 2048 })
  const certificate = createSelfSignedCertificate({
    ...pair,
    commonName: 'Entra emulator (development)',
    serialNumber: Buffer.concat([Buffer.of(1), randomBytes(15)]),
    notBefore: new Date('2024-01-01T00:00:00Z'),
    notAfter: new Date('2049-12-31T00:00:00Z'),
  })
  return { ...pair, certificate, kid: createHash('sha1').update(certificate).digest('base64url') }
}
