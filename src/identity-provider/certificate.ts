/** A certificate with its key, and the client assertions that are signed with it in place of a client secret. */
import {
  createHash,
  createPrivateKey,
  type KeyObject,
  randomUUID,
  X509Certificate,
} from 'node:crypto'
import { SignJWT } from 'jose'
import { EntradaError } from '../errors/errors.ts'
import type { Secret } from '../keys/secret.ts'

export type KeyPair = { readonly certificate: X509Certificate; readonly privateKey: KeyObject }

type Pems = { readonly certificate: string; readonly privateKey: Secret }
type Names = { readonly certificate: string; readonly privateKey: string }

const LIFETIME_SECONDS = 600
/** An assertion is renewed this long before its end, so that none arrives too late. */
const MARGIN_SECONDS = 60
const MIN_KEY_BITS = 2048
const unnamed = { certificate: 'the certificate', privateKey: "the certificate's private key" }

/**
 * Parses certificate and key (PEM), and checks that they belong together.
 *
 * @throws {EntradaError} `settings_invalid`, with one sentence in `detail.problems` that begins with a name of `names`
 */
export function parseKeyPair(pems: Pems, names: Names = unnamed): KeyPair {
  const certificate = parseCertificate(pems.certificate, names.certificate)
  const privateKey = parsePrivateKey(pems.privateKey.reveal(), names.privateKey)
  if (!certificate.checkPrivateKey(privateKey)) {
    throw problem(`${names.privateKey} does not belong to the certificate in ${names.certificate}`)
  }
  return { certificate, privateKey }
}

/** Returns the thumbprint of a certificate. */
export function thumbprint({ raw }: X509Certificate, hash: 'sha1' | 'sha256'): Buffer {
  return createHash(hash).update(raw).digest()
}

/**
 * Creates client assertions for token endpoints. One assertion is used for all requests for nine minutes: signing takes 1.5 ms, and
 * Entra accepts the same assertion until it expires.
 *
 * @see RFC 7523 §3; https://learn.microsoft.com/entra/identity-platform/certificate-credentials
 */
export function certificateAssertions(
  { certificate, privateKey }: KeyPair,
  { clientId, now }: { readonly clientId: string; readonly now: () => Date },
): (tokenEndpoint: string) => Promise<string> {
  const x5t = thumbprint(certificate, 'sha256').toString('base64url')
  let kept: { audience: string; until: number; assertion: Promise<string> } | undefined

  return (audience) => {
    const seconds = Math.floor(now().getTime() / 1000)
    if (kept?.audience === audience && seconds < kept.until) return kept.assertion
    const assertion = new SignJWT({})
      .setProtectedHeader({ alg: 'PS256', typ: 'JWT', 'x5t#S256': x5t })
      .setIssuer(clientId)
      .setSubject(clientId)
      .setAudience(audience)
      .setJti(randomUUID())
      .setIssuedAt(seconds)
      .setNotBefore(seconds)
      .setExpirationTime(seconds + LIFETIME_SECONDS)
      .sign(privateKey)
    kept = { audience, until: seconds + LIFETIME_SECONDS - MARGIN_SECONDS, assertion }
    return assertion
  }
}

function parseCertificate(pem: string, name: string): X509Certificate {
  const certificate = readOrUndefined(() => new X509Certificate(pem))
  if (certificate === undefined) throw problem(`${name} does not hold a certificate (PEM)`)
  const { asymmetricKeyType, asymmetricKeyDetails } = certificate.publicKey
  if (asymmetricKeyType !== 'rsa') {
    throw problem(`${name} holds a certificate that is not of an RSA key; Entra takes no other`)
  }
  if ((asymmetricKeyDetails?.modulusLength ?? 0) < MIN_KEY_BITS) {
    throw problem(`${name} holds a certificate of a key with less than ${MIN_KEY_BITS} bits`)
  }
  return certificate
}

function parsePrivateKey(pem: string, name: string): KeyObject {
  if (/-----BEGIN ENCRYPTED PRIVATE KEY-----|^Proc-Type: 4,ENCRYPTED/m.test(pem)) {
    throw problem(
      `${name} is encrypted, and Entrada has no passphrase for it; write it without one: openssl pkey -in KEY -out NEW`,
    )
  }
  const privateKey = readOrUndefined(() => createPrivateKey(pem))
  if (privateKey === undefined) throw problem(`${name} does not hold a private key (PEM)`)
  return privateKey
}

function readOrUndefined<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch {
    return undefined // an error of OpenSSL could quote the file
  }
}

function problem(sentence: string): EntradaError {
  return new EntradaError('settings_invalid', { problems: [sentence] })
}
