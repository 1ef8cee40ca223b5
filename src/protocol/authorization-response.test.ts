import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { isEntradaError } from '../errors/errors.ts'
import { parseAuthorizationResponse } from './authorization-response.ts'

function parse(query: string) {
  return parseAuthorizationResponse(new URLSearchParams(query))
}

describe('parseAuthorizationResponse', () => {
  it('reads a granted code', () => {
    const granted = { kind: 'granted', state: 's', code: 'c' }
    assert.deepEqual(parse('state=s&code=c'), granted)
    assert.deepEqual(parse('code=c&state=s&session_state=x&client_info=y'), granted)
  })

  it('reads a refusal with its text and the number in the address of the error (A34)', () => {
    const uri = encodeURIComponent('https://login.microsoftonline.com/error?code=50105')
    assert.deepEqual(
      parse(`state=s&error=access_denied&error_description=AADSTS50105%3A+no&error_uri=${uri}`),
      {
        kind: 'refused',
        state: 's',
        error: 'access_denied',
        errorCodes: [50105],
        description: 'AADSTS50105: no',
      },
    )
  })

  it('reads a refusal without text or number', () => {
    const refused = { kind: 'refused', state: 's', error: 'server_error', errorCodes: [] }
    assert.deepEqual(parse('state=s&error=server_error'), refused)
    assert.deepEqual(
      parse('state=s&error=server_error&error_uri=https://x.example/?code=12'),
      refused,
    )
    assert.deepEqual(parse('state=s&error=server_error&error_uri=javascript:alert(1)'), refused)
  })

  it('takes an error that is no word of the standard for an unknown one (A34)', () => {
    for (const error of ['<script src=x>', 'a b', 'a"b', 'ü', '', 'x'.repeat(65), 'a\\b', 'a\nb']) {
      const response = parse(`state=s&error=${encodeURIComponent(error)}`)
      assert.equal(response.kind === 'refused' && response.error, 'unknown_error', error)
    }
  })

  it('cuts a description that is far too long', () => {
    const response = parse(`state=s&error=x&error_description=${'d'.repeat(100_000)}`)
    assert.equal(response.kind === 'refused' && response.description?.length, 4096)
  })

  it('takes a visit without any of its parameters for nothing', () => {
    assert.deepEqual(parse(''), { kind: 'nothing' })
    assert.deepEqual(parse('session_state=x&sid=y&connection=default'), { kind: 'nothing' })
  })

  it('takes a state alone for a return, as after a sign-out', () => {
    assert.deepEqual(parse('state=s'), { kind: 'returned', state: 's' })
  })

  const refusals = [
    ['code and error together (A35)', 'state=s&code=c&error=x', 'error'],
    ['a code without state (A33)', 'code=c', 'state'],
    ['a code with an empty state (A33)', 'state=&code=c', 'state'],
    ['an error without state (A33)', 'error=access_denied', 'state'],
    ['an empty code (A35)', 'state=s&code=', 'code'],
    ['an endless state', `state=${'s'.repeat(2049)}&code=c`, 'state'],
    ['an endless code', `state=s&code=${'c'.repeat(8193)}`, 'code'],
  ] as const
  for (const [what, query, parameter] of refusals) {
    it(`refuses ${what}`, () => {
      assert.throws(() => parse(query), {
        code: 'authorization_response_invalid',
        detail: { parameter },
      })
    })
  }

  for (const name of ['state', 'code', 'error', 'error_description', 'error_uri', 'connection']) {
    it(`refuses a repeated ${name} (RFC 6749 §3.1), also with the same value`, () => {
      assert.throws(() => parse(`state=s&code=c&${name}=a&${name}=a`), {
        code: 'authorization_response_invalid',
        detail: { parameter: name },
      })
    })
  }

  it('answers any query with a shape or its own refusal', () => {
    const name = fc.constantFrom('state', 'code', 'error', 'error_description', '__proto__', 'x')
    fc.assert(
      fc.property(fc.array(fc.tuple(name, fc.string({ unit: 'binary' }))), (pairs) => {
        try {
          const { kind } = parseAuthorizationResponse(new URLSearchParams(pairs))
          return ['granted', 'refused', 'returned', 'nothing'].includes(kind)
        } catch (error) {
          return isEntradaError(error) && error.code === 'authorization_response_invalid'
        }
      }),
    )
  })
})
