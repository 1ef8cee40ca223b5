import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { format, inspect } from 'node:util'
import { Secret } from './secret.ts'

describe('Secret', () => {
  const secret = new Secret('canary')

  it('gives its value out when asked for it', () => {
    assert.equal(secret.reveal(), 'canary')
  })

  it('is not printed in any of the usual ways (I08)', () => {
    const printed = [
      String(secret),
      `${secret}`,
      `${[secret]}`,
      JSON.stringify({ secret, list: [secret] }),
      inspect({ deep: { secret } }, { showHidden: true, depth: null }),
      format('%s %o %j', secret, secret, secret),
      JSON.stringify(Object.entries(secret)),
      JSON.stringify({ ...secret }),
      JSON.stringify(structuredClone({ ...secret })),
      new Error('x', { cause: secret }).stack ?? '',
      inspect(new Error('x', { cause: secret })),
    ]
    for (const text of printed) assert.equal(text.includes('canary'), false, text)
    assert.equal(String(secret), '[secret]')
    assert.equal(JSON.stringify(secret), '"[secret]"')
  })
})
