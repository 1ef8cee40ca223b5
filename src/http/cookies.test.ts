import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { servicesWith } from '../../test/support/samples.ts'
import type { Deployment } from '../deployment.ts'
import {
  cookieName,
  dropCookie,
  onlyCookie,
  readCookies,
  setCookie,
  withCookies,
} from './cookies.ts'

const HTTPS = new URL('https://sso.example.com')
const LOCAL = new URL('http://localhost:3000')
const deployment = { cookiePrefix: 'entrada' } as Deployment // of which a name needs the prefix alone
const services = servicesWith({ deployment })

describe('readCookies', () => {
  const headers: readonly (readonly [string, string, readonly (readonly [string, string])[]])[] = [
    ['an empty header', '', []],
    [
      'two cookies',
      'a=1; b=2',
      [
        ['a', '1'],
        ['b', '2'],
      ],
    ],
    [
      'white space',
      ' a = 1 ;\tb=2 ',
      [
        ['a', '1'],
        ['b', '2'],
      ],
    ],
    ['a value with an equals sign', 'a=1=2', [['a', '1=2']]],
    ['an empty value', 'a=', [['a', '']]],
    ['a cookie without a name (C12)', '=1; a=2', [['a', '2']]],
    ['a cookie without a value (C12)', 'a; b=2', [['b', '2']]],
    [
      'a value that cannot be decoded (C12)',
      'a=%E0%A4%A; b=2',
      [
        ['a', '%E0%A4%A'],
        ['b', '2'],
      ],
    ],
    [
      'letters outside ASCII (C12)',
      'a=ü; b=2',
      [
        ['a', 'ü'],
        ['b', '2'],
      ],
    ],
    ['semicolons alone (C12)', ';;;;', []],
    ...['\u00a0', '\u000b', '\ufeff', '\u2028'].map(
      (space) =>
        [
          `a name that begins with U+${space.charCodeAt(0).toString(16)}, which is another name`,
          `${space}__Host-a=1; b=2`,
          [
            [`${space}__Host-a`, '1'],
            ['b', '2'],
          ],
        ] as const,
    ),
  ]
  for (const [what, header, cookies] of headers) {
    it(`reads ${what}`, () => assert.deepEqual([...readCookies(header)], cookies))
  }

  it('takes neither of two with the same name: nothing says which is ours (S11)', () => {
    assert.deepEqual([...readCookies('a=1; b=2; a=2; a=1')], [['b', '2']])
    assert.deepEqual([...readCookies('a=1; a=1')], [])
  })

  it('takes a prototype for a name like any other (C12)', () => {
    const cookies = readCookies('__proto__=1; constructor=2')
    assert.equal(cookies.get('toString'), undefined)
    assert.equal(Object.hasOwn(Object.prototype, '1'), false)
    assert.equal(cookies.get('constructor'), '2')
  })

  it('reads any header, however large (C12)', () => {
    assert.equal(readCookies(`a=${'x'.repeat(100_000)}`).get('a')?.length, 100_000)
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (header) => readCookies(header).size >= 0))
  })
})

describe('onlyCookie', () => {
  for (const header of [
    'a=1',
    'x=0; a=1; y=2',
    'x=0;\ta=1',
    'a=1; a=2',
    'a=1;a=1',
    'ba=1; xa=2; a =3; A=4',
    'x=a=1; b="a=2"',
    'a=',
    'a=b=c',
    '',
    'a',
  ]) {
    it(`reads ${JSON.stringify(header)} as the whole header is read`, () => {
      // The browser's own spelling: no space before the sign.
      const expected = header.includes('a =') ? undefined : readCookies(header).get('a')
      assert.equal(onlyCookie(header, 'a'), expected)
    })
  }
})

describe('cookieName', () => {
  it('has `__Host-` on https, so that no other host of the site can set it (C04)', () => {
    assert.equal(cookieName(services, HTTPS, 'session'), '__Host-entrada-session')
  })

  it('has none on http localhost, where a browser refuses it (C04)', () => {
    assert.equal(cookieName(services, LOCAL, 'session'), 'entrada-session')
  })
})

describe('setCookie', () => {
  it('belongs to this host alone and to no script (C04)', () => {
    const line = setCookie('__Host-a', 'v', { here: HTTPS, maxAgeSeconds: 60 })
    assert.equal(line, '__Host-a=v; Path=/; Max-Age=60; HttpOnly; SameSite=Lax; Secure')
  })

  it('ends with the browser when it has no age', () => {
    assert.equal(setCookie('a', 'v', { here: LOCAL }), 'a=v; Path=/; HttpOnly; SameSite=Lax')
  })
})

describe('dropCookie', () => {
  it('ends a cookie with the attributes it was set with', () => {
    const line = '__Host-a=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax; Secure'
    assert.equal(dropCookie('__Host-a', HTTPS), line)
  })
})

describe('withCookies', () => {
  it('keeps what sets a cookie out of every cache', () => {
    const before = new Response(null, {
      headers: { 'set-cookie': 'a=1', 'cache-control': 'max-age=9' },
    })
    const response = withCookies(before, ['b=2', 'c=3'])
    assert.deepEqual(response.headers.getSetCookie(), ['a=1', 'b=2', 'c=3'])
    assert.equal(response.headers.get('cache-control'), 'no-store')
  })

  it('changes nothing when there is no cookie to set', () => {
    const before = new Response(null, { headers: { 'cache-control': 'max-age=9' } })
    assert.equal(withCookies(before, []).headers.get('cache-control'), 'max-age=9')
  })
})
