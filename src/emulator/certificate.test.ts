import assert from 'node:assert/strict'
import { generateKeyPairSync, X509Certificate } from 'node:crypto'
import { describe, it } from 'node:test'
import { createSelfSignedCertificate } from './certificate.ts'

describe('createSelfSignedCertificate', () => {
  it('makes a certificate that OpenSSL reads, of this key and signed by it', () => {
    const pair = generateKeyPairSync('rsa', { modulusLength: 2048 })
    const certificate = new X509Certificate(newCertificate(pair, Buffer.of(0xff, 0x01)))

    assert.equal(certificate.subject, 'CN=Someone')
    assert.equal(certificate.issuer, 'CN=Someone')
    assert.equal(certificate.serialNumber, 'FF01')
    assert.equal(certificate.validFrom, 'Jan  1 00:00:00 2024 GMT')
    assert.equal(certificate.validTo, 'Dec 31 00:00:00 2049 GMT')
    assert.equal(certificate.checkPrivateKey(pair.privateKey), true)
    assert.equal(certificate.verify(pair.publicKey), true)
  })
})

function newCertificate(
  pair: Pick<Parameters<typeof createSelfSignedCertificate>[0], 'publicKey' | 'privateKey'>,
  serialNumber: Uint8Array,
): Buffer {
  return createSelfSignedCertificate({
    ...pair,
    serialNumber,
    commonName: 'Someone',
    notBefore: new Date('2024-01-01T00:00:00Z'),
    notAfter: new Date('2049-12-31T00:00:00Z'),
  })
}
