import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { redact } from '../log/redact.ts'
import { EntradaError } from './errors.ts'
import { codeFields, currentCode } from './former-codes.ts'

describe('codes that were renamed', () => {
  it('are found under the name that a former release stored', () => {
    assert.equal(currentCode('entra_unreachable'), 'provider_unreachable')
    assert.equal(currentCode('entra_timeout'), 'provider_timeout')
    assert.equal(currentCode('entra_answer_invalid'), 'provider_answer_invalid')
  })

  it('leave every other code as it was stored', () => {
    for (const code of ['guest_not_allowed', 'provider_timeout', 'constructor', '']) {
      assert.equal(currentCode(code), code)
    }
  })

  it('have their former name in the log, and no other code has one', () => {
    assert.deepEqual(codeFields('provider_timeout'), {
      code: 'provider_timeout',
      formerCode: 'entra_timeout',
    })
    assert.deepEqual(codeFields('guest_not_allowed'), { code: 'guest_not_allowed' })
  })

  it('have their former name also as an error of a log line', () => {
    const { error } = redact({ error: new EntradaError('provider_unreachable') })
    assert.deepEqual(
      { ...(error as object), stack: undefined },
      {
        name: 'EntradaError',
        message: 'Microsoft cannot be reached right now. Please try again in a moment.',
        code: 'provider_unreachable',
        formerCode: 'entra_unreachable',
        detail: {},
        stack: undefined,
      },
    )
  })
})
