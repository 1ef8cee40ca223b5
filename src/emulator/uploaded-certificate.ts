import { X509Certificate } from 'node:crypto'

/** Parses a certificate (PEM) that was uploaded for an application. */
export function parseUploadedCertificate(pem: string): X509Certificate | undefined {
  try {
    return new X509Certificate(pem)
  } catch {
    return undefined
  }
}

/** Returns whether the text is a certificate (PEM) of an RSA key, the only kind with which Entra verifies assertions. */
export function isRsaCertificate(pem: string): boolean {
  return parseUploadedCertificate(pem)?.publicKey.asymmetricKeyType === 'rsa'
}
