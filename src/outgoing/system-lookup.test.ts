import assert from 'node:assert/strict'
import type { lookup } from 'node:dns'
import { describe, it } from 'node:test'
import { createSystemLookup } from './system-lookup.ts'

type Found = (
  error: Error | null,
  addresses: readonly { address: string; family: number }[],
) => void

/** A system whose look-ups end when the test ends them. */
function heldSystem() {
  const waiting: { readonly name: string; readonly found: Found }[] = []
  const resolve = ((name: string, _options: object, found: Found) => {
    waiting.push({ name, found })
  }) as typeof lookup
  return { waiting, find: createSystemLookup(resolve) }
}

const settled = () => new Promise((resolve) => setImmediate(resolve))

describe('createSystemLookup', () => {
  it('looks a name up once for all who ask, and two names at most at once (A2)', async () => {
    const { waiting, find } = heldSystem()
    const answers: string[] = []
    for (const name of ['one', 'one', 'one', 'two', 'three']) {
      find(name, { all: true }, (_error, addresses) => {
        answers.push(`${name} ${JSON.stringify(addresses)}`)
      })
    }
    await settled()
    assert.deepEqual(
      waiting.map(({ name }) => name),
      ['one', 'two'],
    )
    waiting[0]?.found(null, [{ address: '192.0.2.1', family: 4 }])
    await settled()
    assert.equal(answers.length, 3)
    assert.deepEqual(
      waiting.map(({ name }) => name),
      ['one', 'two', 'three'],
    )
    find('one', { all: true }, () => {})
    waiting[1]?.found(null, [])
    await settled()
    assert.equal(waiting.length, 4, 'nothing is kept beyond the look-up')
  })

  it('hands a failure to all who ask (A2)', async () => {
    const { waiting, find } = heldSystem()
    const codes: unknown[] = []
    for (const _ of [1, 2]) {
      find('one', {}, (error) => codes.push((error as NodeJS.ErrnoException | null)?.code))
    }
    await settled()
    waiting[0]?.found(Object.assign(new Error(), { code: 'EAI_AGAIN' }), [])
    await settled()
    assert.deepEqual(codes, ['EAI_AGAIN', 'EAI_AGAIN'])
  })
})
