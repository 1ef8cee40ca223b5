/** Creates key pairs with which Entrada authenticates to Entra in place of a secret. */
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
/** The certificate is valid at once even if a clock is a little behind. */
const BACKDATED_MS = 300_000

/** Both values are PEM. */
export type NewKeyPair = { readonly certificate: string; readonly privateKey: Secret }

/** What users compare and upload; it contains no secret. */
export type CertificateDescription = {
  /** SHA-1, as Entra lists it; upper case. */
  readonly sha1Thumbprint: string
  readonly sha256Thumbprint: string
  readonly expiresAt: Date
  readonly der: Uint8Array
}

/** About as many seconds as a request may take. */
const MOST_WAITING = 8

/** Creates key pairs one after the other, because each takes a second of one of the few threads that also verify signatures. */
export function createKeyPairMaker(): typeof createKeyPair {
  const full = () => new EntradaError('server_busy')
  const turns = createTurns({ atOnce: 1, mostWaiting: MOST_WAITING, full })
  return (wanted) => turns.run(() => createKeyPair(wanted))
}

/** Creates an RSA key and a self-signed certificate, valid from a little before `now`. */
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

/** Returns the thumbprints, the expiry and the DER form of a certificate. */
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
