import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { describe, it } from 'node:test'
import { codeChallengeOf, newCodeFlow } from './code-flow.ts'

describe('newCodeFlow', () => {
  it('makes a nonce and a code verifier that are never the same twice (A33, A45)', () => {
    const flows = Array.from({ length: 1000 }, () => newCodeFlow(randomBytes))
    for (const member of ['nonce', 'codeVerifier'] as const) {
      assert.equal(new Set(flows.map((flow) => flow[member])).size, flows.length)
    }
    for (const { nonce, codeVerifier } of flows) {
      assert.match(codeVerifier, /^[A-Za-z0-9_-]{43}$/)
      assert.equal(nonce.length, 22)
    }
  })
})

describe('codeChallengeOf', () => {
  it('hashes the verifier as RFC 7636 appendix B does', () => {
    assert.equal(
      codeChallengeOf('dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk'),
      'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
    )
  })
})
