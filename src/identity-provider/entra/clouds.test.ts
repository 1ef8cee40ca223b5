import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { cloudOf } from './clouds.ts'

describe('cloudOf', () => {
  const known = [
    ['https://login.microsoftonline.com', 'global'],
    ['https://LOGIN.microsoftonline.com:443/', 'global'],
    ['https://login.microsoftonline.us', 'us_government'],
    ['https://login.partner.microsoftonline.cn', 'china'],
  ] as const
  for (const [authority, cloud] of known) {
    it(`knows ${authority} as ${cloud}`, () => assert.equal(cloudOf(new URL(authority)), cloud))
  }

  it('takes any other authority for a cloud of its own, so that its people are nobody else', () => {
    for (const host of [
      'entra.example.com',
      'constructor',
      'toString',
      '__proto__',
      'login.microsoftonline.com.evil.example',
    ]) {
      assert.equal(cloudOf(new URL(`https://${host}`)), host.toLowerCase())
    }
  })
})
