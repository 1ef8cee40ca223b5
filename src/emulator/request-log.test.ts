import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { frozenAt, origin } from '../../test/support/emulator-sign-in.ts'
import { newTrace } from './refusals.ts'
import { rememberRequest } from './request-log.ts'
import { createEmulatorState } from './state.ts'

describe('rememberRequest', () => {
  it('forgets the oldest requests beyond ten thousand', () => {
    const state = createEmulatorState({ origin })
    const request = new Request(`${origin}/common/discovery/v2.0/keys`)
    const form = new URLSearchParams()
    const trace = newTrace(undefined, frozenAt)
    for (let count = 0; count < 10_050; count += 1) {
      const parameters = new URLSearchParams({ count: String(count) })
      rememberRequest(state, 'keys', { request, form, parameters, trace })
    }
    assert.equal(state.requests.length, 10_000)
    assert.equal(state.requests[0]?.params.count, '50')
  })
})
