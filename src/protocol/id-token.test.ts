import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { checkIdTokenClaims, checkIdTokenHeader } from './id-token.ts'

type Claims = Readonly<Record<string, unknown>>

const ISSUER = 'https://accounts.example'
const CLIENT = 'our client'
const NOW = 1_795_348_800
const sound: Claims = {
  iss: ISSUER,
  aud: CLIENT,
  sub: 'a subject',
  nonce: 'the nonce',
  exp: NOW + 3600,
  iat: NOW,
}

function check(changes: Claims = {}, nonce: string | undefined = 'the nonce') {
  return checkIdTokenClaims(
    { ...sound, ...changes },
    { issuer: ISSUER, clientId: CLIENT, nonce, now: new Date(NOW * 1000) },
  )
}

describe('checkIdTokenHeader', () => {
  it('takes RS256 with a key id', () => {
    assert.deepEqual(checkIdTokenHeader({ alg: 'RS256', kid: 'one', typ: 'JWT' }), { kid: 'one' })
  })

  const refused: readonly (readonly [string, Claims, string])[] = [
    ...[
      'none',
      'None',
      'NONE',
      'nOnE',
      'HS256',
      'rs256',
      'RS384',
      'PS256',
      'ES256',
      'EdDSA',
      '',
    ].map((alg) => [`alg "${alg}" (A05, A06)`, { alg }, 'alg'] as const),
    ['no alg (A05)', { alg: undefined }, 'alg'],
    ['a list of algs (A05)', { alg: ['RS256'] }, 'alg'],
    ['an extension that must be understood (A11)', { crit: ['x'], x: 1 }, 'crit'],
    ['an empty list of extensions (A11)', { crit: [] }, 'crit'],
    ['crit null (A11)', { crit: null }, 'crit'],
    ['no key id (A13)', { kid: undefined }, 'kid'],
    ['an empty key id (A13)', { kid: '' }, 'kid'],
    ['a key id that is no text', { kid: { $ne: null } }, 'kid'],
    ['an endless key id', { kid: 'k'.repeat(257) }, 'kid'],
  ]
  for (const [what, changes, member] of refused) {
    it(`refuses ${what}`, () => {
      assert.throws(() => checkIdTokenHeader({ alg: 'RS256', kid: 'one', ...changes }), {
        code: 'id_token_header_invalid',
        detail: { member },
      })
    })
  }
})

describe('checkIdTokenClaims', () => {
  it('takes the token of any OpenID provider, with its claims as they came', () => {
    assert.deepEqual(check({ sub: 'Case Counts', custom: [1] }), {
      ...sound,
      sub: 'Case Counts',
      custom: [1],
    })
  })

  const refused: readonly (readonly [string, Claims, string])[] = [
    ['the issuer differs by a slash', { iss: `${ISSUER}/` }, 'iss'],
    ['the issuer is missing', { iss: undefined }, 'iss'],
    ['it is for another client', { aud: 'another' }, 'aud'],
    ['it is for another client as well', { aud: [CLIENT, 'another'] }, 'aud'],
    ['it has no subject', { sub: '' }, 'sub'],
    ['it has expired', { exp: NOW - 121 }, 'exp'],
    ['it was issued in the future', { iat: NOW + 121 }, 'iat'],
    ['it is not valid yet', { nbf: NOW + 121 }, 'nbf'],
    ['it answers another request', { nonce: 'another nonce' }, 'nonce'],
    ['it has no nonce', { nonce: undefined }, 'nonce'],
  ]
  for (const [what, changes, claim] of refused) {
    it(`refuses a token when ${what}`, () => {
      assert.throws(
        () => check(changes),
        (error: { code: string; detail: Claims }) =>
          error.code === 'id_token_claim_invalid' && error.detail.claim === claim,
      )
    })
  }

  it('takes a refreshed token without a nonce, and refuses one that has a nonce', () => {
    const { nonce: _absent, ...refreshed } = sound
    const expected = {
      issuer: ISSUER,
      clientId: CLIENT,
      nonce: undefined,
      now: new Date(NOW * 1000),
    }
    assert.equal(checkIdTokenClaims(refreshed, expected).sub, 'a subject')
    assert.throws(() => checkIdTokenClaims(sound, expected), { code: 'id_token_claim_invalid' })
  })
})
