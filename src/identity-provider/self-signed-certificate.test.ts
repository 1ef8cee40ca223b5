import assert from 'node:assert/strict'
import { generateKeyPairSync, X509Certificate } from 'node:crypto'
import { describe, it } from 'node:test'
import { selfSignedCertificate } from './self-signed-certificate.ts'

const keyPair = generateKeyPairSync('rsa', { modulusLength: 2048 })
const plain = {
  keyPair,
  commonName: 'Entrada',
  serialNumber: Buffer.of(1, 2, 3),
  notBefore: new Date('2026-11-22T11:55:00Z'),
  notAfter: new Date('2027-11-22T12:00:00Z'),
}

describe('selfSignedCertificate', () => {
  it('is read by OpenSSL as what was asked for, and signed by its own key', () => {
    const certificate = new X509Certificate(selfSignedCertificate(plain))
    assert.equal(certificate.subject, 'CN=Entrada')
    assert.equal(certificate.issuer, 'CN=Entrada')
    assert.equal(certificate.serialNumber, '010203')
    assert.deepEqual(certificate.validFromDate, plain.notBefore)
    assert.deepEqual(certificate.validToDate, plain.notAfter)
    assert.equal(certificate.checkPrivateKey(keyPair.privateKey), true)
    assert.equal(certificate.verify(keyPair.publicKey), true)
    assert.equal(
      certificate.verify(generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey),
      false,
    )
  })

  it('writes serial numbers that would look negative, or begin with zeros', () => {
    for (const [bytes, shown] of [
      [[0xff, 0x01], 'FF01'],
      [[0x00, 0x00, 0x7f], '7F'],
      [[0x00, 0x80], '80'],
    ] as const) {
      const pem = selfSignedCertificate({ ...plain, serialNumber: Buffer.from(bytes) })
      assert.equal(new X509Certificate(pem).serialNumber, shown)
    }
  })

  it('writes years from 2050 on in their own form', () => {
    const notAfter = new Date('2051-01-02T03:04:05Z')
    const certificate = new X509Certificate(selfSignedCertificate({ ...plain, notAfter }))
    assert.deepEqual(certificate.validToDate, notAfter)
  })
})
