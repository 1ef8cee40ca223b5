import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createErrorOutput, createOutput, OutputClosed } from './output.ts'

/** A stream that reports a failure after the write, as streams do. */
function failingStream(code: string) {
  const listeners: ((error: Error) => void)[] = []
  const written: string[] = []
  return {
    written,
    on: (_: 'error', listener: (error: Error) => void) => void listeners.push(listener),
    write(text: string) {
      written.push(text)
      const error = Object.assign(new Error(`write ${code}`), { code })
      process.nextTick(() => {
        for (const listener of listeners) listener(error)
      })
    },
  }
}

const nextTurn = () => new Promise((resolve) => setImmediate(resolve))

describe('createOutput', () => {
  it('stops a long export at the next line once the reader has gone (O21)', async () => {
    const stream = failingStream('EPIPE')
    const output = createOutput(stream)
    output.print('first')
    await nextTurn()
    assert.throws(() => output.print('second'), OutputClosed)
    await assert.rejects(output.finish(), OutputClosed)
    assert.deepEqual(stream.written, ['first\n'])
  })

  it('reports what else prevented the writing, also after the last line (O21)', async () => {
    const output = createOutput(failingStream('ENOSPC'))
    output.print('the only line')
    await assert.rejects(output.finish(), { code: 'output_not_written' })
  })
})

describe('createErrorOutput', () => {
  it('goes on when nobody reads (O21)', async () => {
    const stream = failingStream('EPIPE')
    const print = createErrorOutput(stream)
    print('first')
    await nextTurn()
    print('second')
    assert.equal(stream.written.length, 2)
  })
})
