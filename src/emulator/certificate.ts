import { type KeyObject, sign } from 'node:crypto'

/** What {@link createSelfSignedCertificate} needs to know of a key. */
export type CertificateOptions = {
  readonly publicKey: KeyObject
  readonly privateKey: KeyObject
  readonly commonName: string
  readonly serialNumber: Uint8Array
  readonly notBefore: Date
  readonly notAfter: Date
}

/**
 * Makes a self-signed X.509 certificate (DER) of an RSA key, signed with SHA-256.
 *
 * @see RFC 5280 §4.1
 */
export function createSelfSignedCertificate(options: CertificateOptions): Buffer {
  const certificate = newTbsCertificate(options)
  const signature = sign('sha256', certificate, options.privateKey)
  return sequence(certificate, sha256WithRsa, bitString(signature))
}

function newTbsCertificate(options: CertificateOptions): Buffer {
  const name = distinguishedName(options.commonName)
  return sequence(
    element(0xa0, integer(Buffer.of(2))), // version 3
    integer(options.serialNumber),
    sha256WithRsa,
    name,
    sequence(utcTime(options.notBefore), utcTime(options.notAfter)),
    name,
    options.publicKey.export({ type: 'spki', format: 'der' }),
  )
}

/** One DER element: tag, length in its shortest form, content (X.690 §8.1.3, §10.1). */
function element(tag: number, content: Uint8Array): Buffer {
  return Buffer.concat([Buffer.of(tag), derLength(content.length), content])
}

function derLength(length: number): Buffer {
  if (length < 0x80) return Buffer.of(length)
  const bytes = length < 0x100 ? [length] : [length >> 8, length & 0xff]
  return Buffer.of(0x80 | bytes.length, ...bytes)
}

function sequence(...parts: readonly Uint8Array[]): Buffer {
  return element(0x30, Buffer.concat(parts))
}

/** A positive INTEGER: a leading zero keeps a high first bit from meaning "negative" (X.690 §8.3). */
function integer(bytes: Uint8Array): Buffer {
  const isHigh = (bytes[0] ?? 0) >= 0x80
  return element(0x02, isHigh ? Buffer.concat([Buffer.of(0), bytes]) : bytes)
}

function bitString(bytes: Uint8Array): Buffer {
  return element(0x03, Buffer.concat([Buffer.of(0), bytes]))
}

function distinguishedName(commonName: string): Buffer {
  const value = element(0x0c, Buffer.from(commonName, 'utf8'))
  return sequence(element(0x31, sequence(commonNameId, value)))
}

/** `YYMMDDhhmmssZ`; only for years before 2050 (RFC 5280 §4.1.2.5.1). */
function utcTime(at: Date): Buffer {
  const digits = at.toISOString().replace(/\D/g, '').slice(2, 14)
  return element(0x17, Buffer.from(`${digits}Z`, 'ascii'))
}

const commonNameId = Buffer.of(0x06, 0x03, 0x55, 0x04, 0x03) // 2.5.4.3
const sha256WithRsa = sequence(
  element(0x06, Buffer.of(0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0b)), // 1.2.840.113549.1.1.11
  element(0x05, Buffer.alloc(0)),
)
