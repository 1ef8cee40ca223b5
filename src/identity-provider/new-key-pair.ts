/** Key pairs of our own, to prove ourselves to Entra with in place of a secret. */
import {
  generateKeyPair,
  type KeyPairKeyObjectResult,
  randomBytes,
  X509Certificate,
} from 'node:crypto'
import { promisify } from 'node:util'
import { EntradaError } from '../errors/errors.ts'
import { Secret } from '../keys/secret.ts'
import { createTurns } from '../outgoing/turns.ts'
import { thumbprint } from './certificate.ts'
import { selfSignedCertificate } from './self-signed-certificate.ts'

const KEY_BITS = 3072
const DAY_MS = 86_400_000
/** So that a certificate counts at once where the clock is a little behind. */
const BACKDATED_MS = 300_000

/** Both as PEM. */
export type NewKeyPair = { readonly certificate: string; readonly privateKey: Secret }

/** What people compare and upload; nothing of it is secret. */
export type CertificateDescription = {
  /** SHA-1, as Entra lists it; upper case. */
  readonly sha1Thumbprint: string
  readonly sha256Thumbprint: string
  readonly expiresAt: Date
  readonly der: Uint8Array
}

/** About as many seconds as a request may take. */
const MOST_WAITING = 8

/** Makes key pairs one after the other: each takes a second of one of the few threads in which signatures are checked too. */
export function createKeyPairMaker(): typeof createKeyPair {
  const full = () => new EntradaError('server_busy')
  const turns = createTurns({ atOnce: 1, mostWaiting: MOST_WAITING, full })
  return (wanted) => turns.run(() => createKeyPair(wanted))
}

/** An RSA key and a certificate that it signed itself, good from a little before `now`. */
export async function createKeyPair({
  now,
  days,
}: {
  readonly now: Date
  readonly days: number
}): Promise<NewKeyPair> {
  const keyPair: KeyPairKeyObjectResult = await promisify(generateKeyPair)('rsa', {
    modulusLength: KEY_BITS,
  })
  const certificate = selfSignedCertificate({
    keyPair,
    commonName: 'Entrada',
    serialNumber: Buffer.concat([Buffer.of(1), randomBytes(15)]),
    notBefore: new Date(now.getTime() - BACKDATED_MS),
    notAfter: new Date(now.getTime() + days * DAY_MS),
  })
  const pem = keyPair.privateKey.export({ type: 'pkcs8', format: 'pem' })
  return { certificate, privateKey: new Secret(String(pem)) }
}

export function describeCertificate(pem: string): CertificateDescription {
  const certificate = new X509Certificate(pem)
  const hex = (hash: 'sha1' | 'sha256') =>
    thumbprint(certificate, hash).toString('hex').toUpperCase()
  return {
    sha1Thumbprint: hex('sha1'),
    sha256Thumbprint: hex('sha256'),
    expiresAt: certificate.validToDate,
    der: certificate.raw,
  }
}
