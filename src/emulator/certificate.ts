import { createHash, type KeyObject, sign } from 'node:crypto'
import { isIP } from 'node:net'

/** The input of {@link createSelfSignedCertificate}. */
export type CertificateOptions = {
  readonly publicKey: KeyObject
  readonly privateKey: KeyObject
  readonly commonName: string
  readonly serialNumber: Uint8Array
  readonly notBefore: Date
  readonly notAfter: Date
}

/** The key and the name of an authority that signs certificates. */
export type CertificateIssuer = Pick<CertificateOptions, 'publicKey' | 'privateKey' | 'commonName'>

/**
 * Creates a self-signed X.509 certificate (DER) for an RSA key, signed with SHA-256.
 *
 * @see RFC 5280 §4.1
 */
export function createSelfSignedCertificate(options: CertificateOptions): Buffer {
  return createCertificate(options, options, [])
}

/** Creates the certificate of an authority. Strict verifiers need every one of its extensions. */
export function createAuthorityCertificate(options: CertificateOptions): Buffer {
  return createCertificate(options, options, [
    extension(basicConstraintsId, 'critical', sequence(element(0x01, Buffer.of(0xff)))),
    extension(keyUsageId, 'critical', element(0x03, Buffer.of(1, 0x06))), // keyCertSign, cRLSign
    extension(subjectKeyId, 'optional', element(0x04, keyIdentifier(options.publicKey))),
  ])
}

/**
 * Creates the certificate of a TLS server for some host names and IP addresses, signed by an authority.
 *
 * @see RFC 5280 §4.2.1, RFC 6125 §6.4
 */
export function createServerCertificate(
  options: Omit<CertificateOptions, 'privateKey'>,
  issuer: CertificateIssuer,
  hostnames: readonly string[],
): Buffer {
  const names = sequence(...hostnames.map(generalName))
  const authorityKey = sequence(element(0x80, keyIdentifier(issuer.publicKey)))
  return createCertificate(options, issuer, [
    extension(basicConstraintsId, 'critical', sequence()),
    extension(keyUsageId, 'critical', element(0x03, Buffer.of(5, 0xa0))), // digitalSignature, keyEncipherment
    extension(extendedKeyUsageId, 'optional', sequence(serverAuthentication)),
    extension(subjectAlternativeNameId, 'optional', names),
    extension(subjectKeyId, 'optional', element(0x04, keyIdentifier(options.publicKey))),
    extension(authorityKeyId, 'optional', authorityKey),
  ])
}

function createCertificate(
  options: Omit<CertificateOptions, 'privateKey'>,
  issuer: CertificateIssuer,
  extensions: readonly Buffer[],
): Buffer {
  const certificate = sequence(
    element(0xa0, integer(Buffer.of(2))), // version 3
    integer(options.serialNumber),
    sha256WithRsa,
    distinguishedName(issuer.commonName),
    sequence(utcTime(options.notBefore), utcTime(options.notAfter)),
    distinguishedName(options.commonName),
    options.publicKey.export({ type: 'spki', format: 'der' }),
    ...(extensions.length === 0 ? [] : [element(0xa3, sequence(...extensions))]),
  )
  const signature = sign('sha256', certificate, issuer.privateKey)
  return sequence(certificate, sha256WithRsa, bitString(signature))
}

function extension(id: Buffer, weight: 'critical' | 'optional', value: Buffer): Buffer {
  const critical = weight === 'critical' ? [element(0x01, Buffer.of(0xff))] : []
  return sequence(id, ...critical, element(0x04, value))
}

/** A `GeneralName`: an IP address in its bytes, or a DNS name. */
function generalName(hostname: string): Buffer {
  const version = isIP(hostname)
  if (version === 0) return element(0x82, Buffer.from(hostname, 'ascii'))
  return element(0x87, version === 4 ? bytesOfIpv4(hostname) : bytesOfIpv6(hostname))
}

function bytesOfIpv4(address: string): Buffer {
  return Buffer.from(address.split('.').map(Number))
}

/** `::` replaces as many groups of zeros as are missing (RFC 4291 §2.2). */
function bytesOfIpv6(address: string): Buffer {
  const [before = '', after] = address.split('::')
  const groupsOf = (text: string) => (text === '' ? [] : text.split(':'))
  const [first, last] = [groupsOf(before), groupsOf(after ?? '')]
  const missing = Array.from({ length: 8 - first.length - last.length }, () => '0')
  const groups = [...first, ...(after === undefined ? [] : missing), ...last]
  return Buffer.from(groups.map((group) => group.padStart(4, '0')).join(''), 'hex')
}

/** @see RFC 5280 §4.2.1.2, method 1 */
function keyIdentifier(key: KeyObject): Buffer {
  const { n = '', e = '' } = key.export({ format: 'jwk' })
  const parts = [n, e].map((part) => integer(Buffer.from(part, 'base64url')))
  return createHash('sha1')
    .update(sequence(...parts))
    .digest()
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

/** Encodes a positive INTEGER: a leading zero keeps a high first bit from meaning "negative" (X.690 §8.3). */
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

/** Encodes a time as `YYMMDDhhmmssZ`; only for years before 2050 (RFC 5280 §4.1.2.5.1). */
function utcTime(at: Date): Buffer {
  const digits = at.toISOString().replace(/\D/g, '').slice(2, 14)
  return element(0x17, Buffer.from(`${digits}Z`, 'ascii'))
}

const commonNameId = Buffer.of(0x06, 0x03, 0x55, 0x04, 0x03) // 2.5.4.3
const subjectKeyId = Buffer.of(0x06, 0x03, 0x55, 0x1d, 0x0e) // 2.5.29.14
const keyUsageId = Buffer.of(0x06, 0x03, 0x55, 0x1d, 0x0f) // 2.5.29.15
const subjectAlternativeNameId = Buffer.of(0x06, 0x03, 0x55, 0x1d, 0x11) // 2.5.29.17
const basicConstraintsId = Buffer.of(0x06, 0x03, 0x55, 0x1d, 0x13) // 2.5.29.19
const authorityKeyId = Buffer.of(0x06, 0x03, 0x55, 0x1d, 0x23) // 2.5.29.35
const extendedKeyUsageId = Buffer.of(0x06, 0x03, 0x55, 0x1d, 0x25) // 2.5.29.37
const serverAuthentication = element(
  0x06,
  Buffer.of(0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x01), // 1.3.6.1.5.5.7.3.1
)
const sha256WithRsa = sequence(
  element(0x06, Buffer.of(0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0b)), // 1.2.840.113549.1.1.11
  element(0x05, Buffer.alloc(0)),
)
