import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createRefusalSampler } from './sample-refusals.ts'

describe('createRefusalSampler', () => {
  it('logs the first five of a code in a minute, then one in a hundred, and says how many there were', () => {
    const { sample } = createRefusalSampler(() => new Date(0))
    const logged = Array.from({ length: 250 }, () => sample('page_not_found')).filter(
      ({ worthLogging }) => worthLogging,
    )
    assert.deepEqual(
      logged.map(({ countInWindow }) => countInWindow),
      [1, 2, 3, 4, 5, 100, 200],
    )
  })

  it('counts each code by itself', () => {
    const { sample } = createRefusalSampler(() => new Date(0))
    for (let count = 0; count < 50; count += 1) sample('page_not_found')
    assert.equal(sample('cross_site_request').worthLogging, true)
  })

  it('begins anew after a minute', () => {
    let time = 0
    const { sample } = createRefusalSampler(() => new Date(time))
    for (let count = 0; count < 50; count += 1) sample('page_not_found')
    assert.equal(sample('page_not_found').worthLogging, false)
    time = 60_000
    assert.deepEqual(sample('page_not_found'), { worthLogging: true, countInWindow: 1 })
  })

  it('counts each sort of a code by itself, and says how many of a code were not logged (A7)', () => {
    const { sample, takeUnlogged } = createRefusalSampler(() => new Date(0))
    for (let count = 0; count < 50; count += 1) sample('too_many_requests', 'sign_in_start')
    assert.equal(sample('too_many_requests', 'operator_token').worthLogging, true)
    assert.deepEqual(takeUnlogged(), [{ code: 'too_many_requests', count: 45 }])
    assert.deepEqual(takeUnlogged(), [])
  })
})
