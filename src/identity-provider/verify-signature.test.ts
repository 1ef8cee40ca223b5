import assert from 'node:assert/strict'
import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import { describe, it } from 'node:test'
import { isEntradaError } from '../errors/errors.ts'
import type { SigningKey } from '../protocol/signing-keys.ts'
import { verifySignature } from './verify-signature.ts'

const encoded = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')

function newKey(bits: number, kid = 'k') {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: bits })
  const { n = '', e = '' } = publicKey.export({ format: 'jwk' })
  const signingKey: SigningKey = { kty: 'RSA', kid, n, e }
  return { signingKey, privateKey }
}

function tokenOf(
  privateKey: KeyObject,
  head = `${encoded({ alg: 'RS256', kid: 'k' })}.${encoded({ sub: 's' })}`,
) {
  return `${head}.${sign('sha256', Buffer.from(head), privateKey).toString('base64url')}`
}

/** What verifying comes to: the claims, or the code of the refusal. */
async function outcome(idToken: string, first: SigningKey, replacement?: SigningKey) {
  const keys = { findSigningKey: async () => first, findReplacement: async () => replacement }
  try {
    const { claims, signedWith } = await verifySignature(idToken, keys, AbortSignal.timeout(5_000))
    return { claims: { ...claims }, signedWith }
  } catch (error) {
    assert.ok(isEntradaError(error), String(error))
    return error.code
  }
}

describe('verifySignature', () => {
  const { signingKey, privateKey } = newKey(2048)
  const idToken = tokenOf(privateKey)

  it('returns the claims and the key, as often as the same key is used', async () => {
    const verified = { claims: { sub: 's' }, signedWith: signingKey }
    assert.deepEqual(await outcome(idToken, signingKey), verified)
    assert.deepEqual(await outcome(idToken, signingKey), verified)
  })

  it('uses the key that was published later under the same id, and no other', async () => {
    const other = newKey(2048)
    const { claims, signedWith } = Object(await outcome(idToken, other.signingKey, signingKey))
    assert.deepEqual([claims, signedWith], [{ sub: 's' }, signingKey])
    assert.equal(await outcome(idToken, other.signingKey), 'id_token_signature_invalid')
    assert.equal(
      await outcome(idToken, other.signingKey, newKey(2048).signingKey),
      'id_token_signature_invalid',
    )
  })

  it('refuses keys of less than 2048 bits, and what is no key', async () => {
    const short = newKey(1024)
    const refused = 'id_token_signature_invalid'
    assert.equal(await outcome(tokenOf(short.privateKey), short.signingKey), refused)
    assert.equal(await outcome(idToken, { ...signingKey, n: '!' }), refused)
  })

  it('refuses every second spelling of a token', async () => {
    const [header = '', payload = '', signature = ''] = idToken.split('.')
    const last = signature.at(-1) ?? ''
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
    const spare = alphabet[alphabet.indexOf(last) ^ 1] ?? ''
    for (const spelling of [
      `${header}.${payload}.${signature}=`,
      `${header}.${payload}.${signature.slice(0, -1)}${spare}`,
      `${header}.${payload}. ${signature}`,
      `${header}.${payload}.`,
      // The low byte of this letter is the letter that was signed.
      `${header}.${payload.replace('J', 'Ŋ')}.${signature}`,
    ]) {
      assert.match(
        String(await outcome(spelling, signingKey)),
        /^id_token_(signature|claim)_invalid$/,
      )
    }
    assert.ok(payload.includes('J'))
  })

  it('refuses a signed text of four parts, whose claims would not be clear', async () => {
    const [header, payload] = idToken.split('.')
    const signed = tokenOf(privateKey, `${header}.${payload}.${payload}`)
    assert.equal(await outcome(signed, signingKey), 'id_token_claim_invalid')
  })
})
