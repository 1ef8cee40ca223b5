import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { withinTime } from './time-limit.ts'

/** Work that ends with its signal. */
const untilAborted = (signal: AbortSignal) =>
  new Promise<never>((_resolve, reject) => {
    if (signal.aborted) reject(signal.reason)
    signal.addEventListener('abort', () => reject(signal.reason), { once: true })
  })

describe('withinTime', () => {
  it('ends the work when the time is up, as AbortSignal.timeout does', async (t) => {
    t.mock.timers.enable({ apis: ['setTimeout'] })
    const ended = withinTime({ limitMs: 1_000 }, untilAborted)
    t.mock.timers.tick(1_000)
    await assert.rejects(ended, { name: 'TimeoutError' })
  })

  it('ends the work with the signal that it is given, also one that was aborted before', async () => {
    const reason = new Error('the sign-in is over')
    const outer = new AbortController()
    const ended = withinTime({ limitMs: 1_000, signal: outer.signal }, untilAborted)
    outer.abort(reason)
    await assert.rejects(ended, reason)
    await assert.rejects(withinTime({ limitMs: 1_000, signal: outer.signal }, untilAborted), reason)
  })

  it('leaves nothing behind: no timer, and no listener on the signal', async (t) => {
    t.mock.timers.enable({ apis: ['setTimeout'] })
    const outer = new AbortController()
    const removed = t.mock.method(outer.signal, 'removeEventListener')
    let inner: AbortSignal | undefined
    const result = await withinTime({ limitMs: 1_000, signal: outer.signal }, async (signal) => {
      inner = signal
      return 'done'
    })
    t.mock.timers.tick(10_000)
    outer.abort()
    assert.deepEqual([result, inner?.aborted, removed.mock.callCount()], ['done', false, 1])
  })
})
