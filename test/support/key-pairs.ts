/** Certificates with their keys, as `entrada certificate create` makes them, and the files of a machine. */
import { generateKeyPairSync, type KeyPairKeyObjectResult, randomBytes } from 'node:crypto'
import { selfSignedCertificate } from '../../src/identity-provider/self-signed-certificate.ts'
import { Secret } from '../../src/keys/secret.ts'

export type PemPair = { readonly certificate: string; readonly privateKey: string }

export const TEST_NOW = new Date('2026-11-22T12:00:00.000Z')

export function newPemPair({ days = 365 }: { readonly days?: number } = {}): PemPair {
  const keyPair = generateKeyPairSync('rsa', { modulusLength: 2048 })
  return {
    certificate: certificateOf(keyPair, days),
    privateKey: String(keyPair.privateKey.export({ type: 'pkcs8', format: 'pem' })),
  }
}

export function certificateOf(keyPair: KeyPairKeyObjectResult, days = 365): string {
  return selfSignedCertificate({
    keyPair,
    commonName: 'Entrada',
    serialNumber: Buffer.concat([Buffer.of(1), randomBytes(15)]),
    notBefore: new Date(TEST_NOW.getTime() - 86_400_000),
    notAfter: new Date(TEST_NOW.getTime() + days * 86_400_000),
  })
}

export function certificateCredential({ certificate, privateKey }: PemPair) {
  return { kind: 'certificate', certificate, privateKey: new Secret(privateKey) } as const
}

export function secretCredential(value: string, expiresAt?: Date) {
  const end = expiresAt ? { expiresAt } : {}
  return { kind: 'client_secret', value: new Secret(value), ...end } as const
}
