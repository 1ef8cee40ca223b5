import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { printable } from './printable.ts'

const commands = ['\u0000', '\u0007', '\n', '\u001b', '\u007f', '\u0085', '\u009b', '\u009f']
const directions = [
  ...['\u061c', '\u200e', '\u200f', '\u202a', '\u202b', '\u202c', '\u202d', '\u202e'],
  ...['\u2066', '\u2067', '\u2068', '\u2069'],
]

describe('printable', () => {
  it('leaves nothing that a terminal would obey, or that turns the direction of writing', () => {
    for (const character of [...commands, ...directions, '\u2028', '\u2029']) {
      const escaped = printable(`a${character}b`)
      assert.match(escaped, /^a\\u[0-9a-f]{4}b$/)
      assert.equal(JSON.parse(`"${escaped}"`), `a${character}b`, 'JSON stays what it was')
    }
  })

  it('leaves every script and sign as it is', () => {
    const text = 'Zoë Żółć, Ωμέγα, 李雷, علي, שרה, 👩‍💻 -- "quoted" \\ %41'
    assert.equal(printable(text), text)
    assert.equal(printable(printable('\u001b[31m')), printable('\u001b[31m'))
  })
})
