import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { hideCredentials } from './hide-credentials.ts'

describe('hideCredentials', () => {
  for (const [text, expected] of [
    ['postgres://u:pass@db.example.com/entrada', 'postgres://[hidden]@db.example.com/entrada'],
    ['at postgresql://u:p@ss/word@db/entrada now', 'at postgresql://[hidden]@db/entrada now'],
    ['postgres://u:pa#ss?w:d@db/entrada', 'postgres://[hidden]@db/entrada'],
    ['"http://u:p@proxy:3128"', '"http://[hidden]@proxy:3128"'],
    ['http://u:pa/ss@proxy:3128', 'http://[hidden]@proxy:3128'],
    ['https://token@hooks.example.com/in', 'https://[hidden]@hooks.example.com/in'],
    ['a=socks5://u:p@one b=redis://:p@two', 'a=socks5://[hidden]@one b=redis://[hidden]@two'],
  ] as const) {
    it(`leaves no part of a password in ${text} (O4)`, () => {
      assert.equal(hideCredentials(text), expected)
    })
  }

  for (const text of [
    'https://sso.example.com:8443/login',
    'https://example.com/@someone',
    'https://[::1]:3000/?login_hint=alice@contoso.example',
    'write to alice@contoso.example',
    'postgres://localhost:1/entrada',
  ]) {
    it(`leaves ${text} as it is`, () => {
      assert.equal(hideCredentials(text), text)
    })
  }
})
