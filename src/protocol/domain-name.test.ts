import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { parseDomainName, parseWorkEmail } from './domain-name.ts'

describe('parseDomainName', () => {
  const known = [
    ['corp.com', 'corp.com'],
    ['CORP.com', 'corp.com'],
    ['mail.corp.co.uk', 'mail.corp.co.uk'],
    ['Bücher.example', 'xn--bcher-kva.example'],
    ['XN--BCHER-KVA.example', 'xn--bcher-kva.example'],
    ['bu\u0308cher.example', 'xn--bcher-kva.example'],
    ['ｃｏｒｐ.com', 'corp.com'],
    ['corp。com', 'corp.com'],
    ['3m.com', '3m.com'],
    ['例え.テスト', 'xn--r8jz45g.xn--zckzah'],
  ] as const
  for (const [text, name] of known) {
    it(`reads ${JSON.stringify(text)} as ${name}`, () => assert.equal(parseDomainName(text), name))
  }

  const refused = [
    '',
    'com',
    'localhost',
    '.corp.com',
    'corp..com',
    'corp.com.',
    'corp.com。',
    '-corp.com',
    'corp-.com',
    'corp_x.com',
    '*.corp.com',
    'corp.com:443',
    'corp.com/evil',
    'user@corp.com',
    'corp.com?x',
    'corp.com#x',
    'corp%2ecom',
    'corp.com\n',
    'cor\tp.com',
    'corp.com\0.evil.com',
    'corp\u200b.com',
    'corp\u00ad.com',
    '127.0.0.1',
    '0x7f.1',
    '2130706433.1',
    '[::1]',
    'corp.c',
    `${'a'.repeat(64)}.com`,
    `${'a.'.repeat(126)}com`,
    'x'.repeat(100_000),
  ]
  for (const text of refused) {
    it(`refuses ${JSON.stringify(text.slice(0, 40))} (B10)`, () =>
      assert.equal(parseDomainName(text), undefined))
  }

  it('answers with what it reads as itself, whatever it is given', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.domain()), (text) => {
        const name = parseDomainName(text)
        if (name !== undefined) assert.equal(parseDomainName(name), name)
      }),
    )
  })
})

describe('parseWorkEmail', () => {
  const domains = [
    ['a@corp.com', 'corp.com'],
    ['a@CORP.COM', 'corp.com'],
    [' a.b+c@corp.com ', 'corp.com'],
    ['jürgen@bücher.example', 'xn--bcher-kva.example'],
    ['a@corp.com.evil.com', 'corp.com.evil.com'],
  ] as const
  for (const [text, domain] of domains) {
    it(`finds ${domain} in ${JSON.stringify(text)} (B10)`, () =>
      assert.deepEqual(parseWorkEmail(text), { address: text.trim(), domain }))
  }

  const refused = [
    '',
    'a',
    '@corp.com',
    'a@',
    'a@evil.com@corp.com',
    'a@corp.com.',
    '"a@corp.com"@evil.com',
    '"a"@corp.com',
    'a@corp.com,b@evil.com',
    'a@corp.com b@evil.com',
    'a@corp.com\r\nBcc: b@evil.com',
    'a(comment)@corp.com',
    '<a@corp.com>',
    'mailto:a@corp.com',
    'a＠corp.com',
    'a@[127.0.0.1]',
    'a@127.0.0.1',
    'a@corp.com\0',
    'a\u202e@corp.com',
    `${'a'.repeat(65)}@corp.com`,
    `a@${'x.'.repeat(50_000)}com`,
  ]
  for (const text of refused) {
    it(`finds no domain in ${JSON.stringify(text.slice(0, 40))} (B10)`, () =>
      assert.equal(parseWorkEmail(text), undefined))
  }
})
