import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { isDomainName, isGuid } from './guid.ts'

describe('isGuid', () => {
  it('knows the usual spelling in any letter case', () => {
    assert.equal(isGuid('9188040d-6c67-4c5b-b112-36a304b66dad'), true)
    assert.equal(isGuid('9188040D-6C67-4C5B-B112-36A304B66DAD'), true)
  })

  const strangers: readonly unknown[] = [
    '',
    'not-a-guid',
    '9188040d6c674c5bb11236a304b66dad',
    '{9188040d-6c67-4c5b-b112-36a304b66dad}',
    ' 9188040d-6c67-4c5b-b112-36a304b66dad',
    '9188040d-6c67-4c5b-b112-36a304b66dad\n',
    '9188040d-6c67-4c5b-b112-36a304b66daZ',
    '-'.repeat(36),
    ['9188040d-6c67-4c5b-b112-36a304b66dad'],
    { $ne: null },
    null,
    undefined,
    1,
  ]
  for (const value of strangers) {
    it(`does not take ${JSON.stringify(value)} for one (A26)`, () => {
      assert.equal(isGuid(value), false)
    })
  }
})

describe('isDomainName', () => {
  for (const domain of [
    'contoso.com',
    'CONTOSO.onmicrosoft.com',
    'a.b-c.example',
    'xn--bcher-kva.example',
  ]) {
    it(`knows ${domain}`, () => assert.equal(isDomainName(domain), true))
  }

  const strangers = [
    '',
    'contoso',
    '.com',
    'contoso..com',
    '-contoso.com',
    'contoso-.com',
    'contoso.com/evil',
    'contoso.com?x',
    'contoso.com:443',
    'a@contoso.com',
    'https://contoso.com',
    'contoso.com\n',
    'contoso .com',
    '127.0.0.1',
    `${'a'.repeat(64)}.com`,
    `${'a.'.repeat(130)}com`,
  ]
  for (const text of strangers) {
    it(`does not take ${JSON.stringify(text.slice(0, 40))} for one`, () => {
      assert.equal(isDomainName(text), false)
    })
  }
})
