import { X509Certificate } from 'node:crypto'

/** Reads a certificate (PEM) that an application uploaded. */
export function parseUploadedCertificate(pem: string): X509Certificate | undefined {
  try {
    return new X509Certificate(pem)
  } catch {
    return undefined
  }
}

/** Says whether text is a certificate (PEM) of an RSA key: the only kind Entra verifies assertions with. */
export function isRsaCertificate(pem: string): boolean {
  return parseUploadedCertificate(pem)?.publicKey.asymmetricKeyType === 'rsa'
}
