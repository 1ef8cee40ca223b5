import { createHash } from 'node:crypto'

/** The usual password of Java's trust stores. It protects nothing, because a trust store contains no secret. */
export const TRUST_STORE_PASSWORD = 'changeit'

/**
 * Creates a Java trust store (format JKS, version 2) from certificates (DER), so that `keytool` is not needed. All numbers are
 * big-endian; a digest over the password, a constant and the content is at the end.
 */
export function newJavaTrustStore(certificates: readonly Buffer[], createdAt: Date): Buffer {
  const entries = certificates.map((certificate, index) =>
    Buffer.concat([
      int32(TRUSTED_CERTIFICATE),
      javaText(`certificate-${index + 1}`),
      int64(createdAt.getTime()),
      javaText('X.509'),
      int32(certificate.length),
      certificate,
    ]),
  )
  const content = Buffer.concat([
    int32(MAGIC),
    int32(VERSION),
    int32(certificates.length),
    ...entries,
  ])
  const digest = createHash('sha1')
    .update(Buffer.from(TRUST_STORE_PASSWORD, 'utf16le').swap16())
    .update('Mighty Aphrodite')
    .update(content)
    .digest()
  return Buffer.concat([content, digest])
}

const MAGIC = 0xfeedfeed
const VERSION = 2
const TRUSTED_CERTIFICATE = 2

function javaText(text: string): Buffer {
  const bytes = Buffer.from(text, 'ascii')
  return Buffer.concat([Buffer.of(bytes.length >> 8, bytes.length & 0xff), bytes])
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}

function int64(value: number): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeBigInt64BE(BigInt(value))
  return bytes
}
