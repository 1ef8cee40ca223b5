import { type KeyPairKeyObjectResult, sign } from 'node:crypto'

export type SelfSigned = {
  readonly keyPair: KeyPairKeyObjectResult
  readonly commonName: string
  /** At most 20 bytes, not all of them zero. */
  readonly serialNumber: Uint8Array
  readonly notBefore: Date
  readonly notAfter: Date
}

/**
 * Creates a self-signed certificate (PEM) for an RSA key, signed with SHA-256, which is the only form that Entra needs from us.
 *
 * @see RFC 5280 §4.1; X.690 §8 and §10 for the encoding
 */
export function selfSignedCertificate(wanted: SelfSigned): string {
  const signed = signedPart(wanted)
  const signature = sign('sha256', signed, wanted.keyPair.privateKey)
  const unusedBits = Buffer.of(0)
  const der = sequence(
    signed,
    sha256WithRsa,
    element(tags.bitString, Buffer.concat([unusedBits, signature])),
  )
  const lines = der.toString('base64').match(/.{1,64}/g) ?? []
  return ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n')
}

/** Encodes TBSCertificate: issuer and subject are the same name. */
function signedPart({
  keyPair,
  commonName,
  serialNumber,
  notBefore,
  notAfter,
}: SelfSigned): Buffer {
  const name = sequence(
    element(tags.set, sequence(commonNameId, element(tags.utf8String, Buffer.from(commonName)))),
  )
  return sequence(
    element(tags.explicitVersion, positiveInteger(Buffer.of(2))), // 2 means version 3
    positiveInteger(serialNumber),
    sha256WithRsa,
    name,
    sequence(time(notBefore), time(notAfter)),
    name,
    keyPair.publicKey.export({ type: 'spki', format: 'der' }),
  )
}

/** UTCTime has two digits for the year and ends with 2049 (RFC 5280 §4.1.2.5). */
function time(at: Date): Buffer {
  const digits = at.toISOString().replace(/\D/g, '').slice(0, 14)
  return at.getUTCFullYear() < 2050
    ? element(tags.utcTime, Buffer.from(`${digits.slice(2)}Z`))
    : element(tags.generalizedTime, Buffer.from(`${digits}Z`))
}

/** A first bit of 1 would mean "negative", and unnecessary zeros in front are not allowed. */
function positiveInteger(bytes: Uint8Array): Buffer {
  const start = bytes.findIndex((byte) => byte !== 0)
  const shortest = bytes.subarray(start)
  const isHigh = (shortest[0] ?? 0) >= 0x80
  return element(tags.integer, Buffer.concat([Buffer.alloc(isHigh ? 1 : 0), shortest]))
}

function sequence(...parts: readonly Uint8Array[]): Buffer {
  return element(tags.sequence, Buffer.concat(parts))
}

function element(tag: number, content: Uint8Array): Buffer {
  return Buffer.concat([Buffer.of(tag), lengthOf(content), content])
}

/** One byte below 128, otherwise the count of bytes and then the bytes. */
function lengthOf({ length }: Uint8Array): Buffer {
  if (length < 0x80) return Buffer.of(length)
  const bytes = length < 0x100 ? [length] : [length >> 8, length & 0xff]
  return Buffer.of(0x80 | bytes.length, ...bytes)
}

const tags = {
  integer: 0x02,
  bitString: 0x03,
  utf8String: 0x0c,
  utcTime: 0x17,
  generalizedTime: 0x18,
  sequence: 0x30,
  set: 0x31,
  explicitVersion: 0xa0,
} as const
const commonNameId = Buffer.from('0603550403', 'hex') // 2.5.4.3
const sha256WithRsa = Buffer.from('300d06092a864886f70d01010b0500', 'hex') // 1.2.840.113549.1.1.11, NULL
