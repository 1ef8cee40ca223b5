/** Tokens that are signed, and say something twice or not as text. */
import assert from 'node:assert/strict'
import { generateKeyPairSync, sign } from 'node:crypto'
import { describe, it } from 'node:test'
import type { SigningKey } from '../../protocol/signing-keys.ts'
import type { EntraMetadata } from './protocol/discovery.ts'
import { verifyIdToken } from './verify-id-token.ts'

const TENANT = '11111111-1111-4111-8111-111111111111'
const ISSUER = `https://login.example/${TENANT}/v2.0`
const NOW = 1_764_417_600

const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
const key = { ...publicKey.export({ format: 'jwk' }), kid: 'k1' } as SigningKey // RSA
const header = '{"alg":"RS256","kid":"k1","typ":"JWT"}'
const members = [
  `"iss":"${ISSUER}"`,
  '"sub":"s"',
  '"aud":"client"',
  `"tid":"${TENANT}"`,
  '"oid":"aaaaaaaa-0000-4000-8000-000000000001"',
  '"ver":"2.0"',
  `"exp":${NOW + 600}`,
  `"iat":${NOW}`,
  '"nonce":"n"',
]

/** A token whose header and payload are exactly these bytes, with a signature that is right. */
function tokenOf(headerText: string, payload: string | Uint8Array): string {
  const input = [headerText, payload]
    .map((part) => Buffer.from(part).toString('base64url'))
    .join('.')
  return `${input}.${sign('sha256', Buffer.from(input), privateKey).toString('base64url')}`
}

type Keys = { readonly first: SigningKey; readonly replacement?: SigningKey }

function verify(idToken: string, { first, replacement }: Keys = { first: key }) {
  const authority = {
    metadata: async () => ({}) as EntraMetadata, // not asked for
    findSigningKey: async () => first,
    findReplacement: async () => replacement,
  }
  return verifyIdToken(
    { cloud: 'global', clientId: 'client', authority, now: () => new Date(NOW * 1000) },
    { issuer: ISSUER } as EntraMetadata, // of which nothing else is looked at
    { idToken, nonce: 'n', signal: AbortSignal.timeout(5_000), showClaims: undefined },
  )
}

const withMore = (...more: readonly string[]) => `{${[...members, ...more].join(',')}}`

describe('verifyIdToken', () => {
  it('takes a token that says everything once', async () => {
    const { sub, email } = await verify(tokenOf(header, withMore('"email":"a@contoso.example"')))
    assert.deepEqual([sub, email], ['s', 'a@contoso.example'])
  })

  for (const [claim, ...more] of [
    ['aud', '"aud":"client"'],
    ['oid', '"oid":"aaaaaaaa-0000-4000-8000-000000000002"'],
    ['email', '"email":"a@x.example"', '"email":"b@x.example"'],
    ['groups', '"groups":[]', '"\\u0067roups":["g"]'],
    ['_claim_names.groups', '"_claim_names":{"groups":"a","groups":"b"}'],
  ] as const) {
    it(`refuses a claim that comes twice: ${claim} (S11)`, async () => {
      await assert.rejects(verify(tokenOf(header, withMore(...more))), {
        code: 'id_token_claim_invalid',
        detail: { claim, present: true, reason: 'unclear' },
      })
    })
  }

  for (const [member, text] of [
    ['kid', '{"alg":"RS256","kid":"k1","kid":"k2"}'],
    ['alg', '{"alg":"none","alg":"RS256","kid":"k1"}'],
    ['kid', '{"alg":"RS256","kid":["k1"]}'],
    ['typ', '{"alg":"RS256","kid":"k1","typ":"at+jwt"}'],
    ['typ', '{"alg":"RS256","kid":"k1","typ":1}'],
    ['crit', '{"alg":"RS256","kid":"k1","crit":["b64"],"b64":false}'],
    ['(header)', '["RS256"]'],
    ['(header)', 'RS256'],
  ] as const) {
    it(`refuses the header ${text} (S11)`, async () => {
      await assert.rejects(verify(tokenOf(text, withMore())), {
        code: 'id_token_header_invalid',
        detail: { member },
      })
    })
  }

  it('compares the issuer of the key that signed the token, which may have replaced another one of its id', async () => {
    const former = generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey
    const first = { ...former.export({ format: 'jwk' }), kid: 'k1', issuer: ISSUER } as SigningKey // RSA
    const foreign = 'https://login.example/22222222-2222-4222-8222-222222222222/v2.0'
    const token = tokenOf(header, withMore())
    await assert.rejects(verify(token, { first, replacement: { ...key, issuer: foreign } }), {
      code: 'id_token_key_unknown',
      detail: { kid: 'k1', reason: 'key_issuer' },
    })
    const { sub } = await verify(token, {
      first: { ...first, issuer: foreign },
      replacement: { ...key, issuer: ISSUER },
    })
    assert.equal(sub, 's')
  })

  it('refuses a payload that is no JSON object in UTF-8', async () => {
    const latin = Buffer.from(withMore('"name":"Zo\xeb"'), 'latin1')
    for (const payload of [latin, '[]', 'null', '"x"', '{', '']) {
      await assert.rejects(verify(tokenOf(header, payload)), {
        code: 'id_token_claim_invalid',
        detail: { claim: '(payload)', present: true, reason: 'unclear' },
      })
    }
  })
})
