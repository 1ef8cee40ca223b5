import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { canonicalPath, foldPath } from './access-path.ts'

describe('canonicalPath', () => {
  for (const [uri, path] of [
    ['/', '/'],
    ['/admin', '/admin'],
    ['/admin/?q=//../', '/admin/'],
    ['/%61dmin', '/admin'],
    ['/z%C3%BCrich', '/zürich'],
    ['/a%20b', '/a b'],
    ['/100%25', '/100%'],
    ['/~user/.well-known/x', '/~user/.well-known/x'],
    ['/wiki/Talk:Main_Page', '/wiki/Talk:Main_Page'],
    ['/a.b.c/v1.2', '/a.b.c/v1.2'],
    ['/notes~old/long-name~1', '/notes~old/long-name~1'],
    ['/cafe%CC%81', '/cafe\u0301'],
    ['/a...b', '/a...b'],
    ['/reports?next=/%2e%2e/', '/reports'],
  ] as const) {
    it(`reads ${uri} as ${path}`, () => assert.equal(canonicalPath(uri), path))
  }

  for (const uri of [
    '//admin',
    '/public//admin',
    '/public/../admin',
    '/public/..',
    '/./admin',
    '/public/%2e%2e/admin',
    '/public/.%2E/admin',
    '/public%2f..%2fadmin',
    '/public%2Fadmin',
    '/public%5c..%5cadmin',
    '/public\\..\\admin',
    '/admin;x=1',
    '/admin%3bx',
    '/public;/../admin',
    '/admin%00',
    '/admin%0d%0a',
    '/admin%7f',
    '/admin%3f',
    '/admin%23',
    '/admin#x',
    '/%2561dmin',
    '/public/%252e%252e/admin',
    '/%zz',
    '/%',
    '/%c0%afadmin',
    '/%ff',
    'admin',
    '',
    '?x',
    // A9
    '/admin.',
    '/admin./x',
    '/admin..',
    '/admin%2e',
    '/admin%20',
    '/admin%20/x',
    '/%20admin',
    '/admin%C2%A0',
    '/admin%09',
    '/admin.%20',
    '/admin::$DATA',
    '/admin::%24data',
    '/admin:$I30:$INDEX_ALLOCATION',
    '/admin:x:$DATA',
    '/public/..%20/admin',
    '/public/.%20./admin',
    '/public/...',
    '/public/%E2%80%A6/admin',
    '/public/%EF%BC%8E%EF%BC%8E/admin',
    '/public%EF%BC%8F..%EF%BC%8Fadmin',
    '/public%EF%BC%BCadmin',
    '/ADMINI~1',
    '/admini~1.htm',
    '/a/SECRET~12/x',
    '/%E2%80%8E/admin',
    '/public/%E2%80%8B/x',
    '/public/.%E2%80%8B./admin',
    '/admin%20%E2%80%8B',
  ]) {
    it(`is not sure of ${uri || 'nothing'}`, () => assert.equal(canonicalPath(uri), undefined))
  }

  it('answers nothing that another reader could take for another path', () => {
    const pieces = [
      '/',
      '.',
      '..',
      '%2e',
      '%2F',
      '%5c',
      '\\',
      ';',
      '%3b',
      '%25',
      '%',
      'a',
      'admin',
      '?',
      '#',
      '%00',
      'é',
      ' ',
    ]
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...pieces), { maxLength: 8 }), (parts) => {
        const path = canonicalPath(`/${parts.join('')}`)
        if (path === undefined) return
        assert.ok(!path.includes('//') && !/[\\;?#]/.test(path), path)
        assert.ok(!path.split('/').some((segment) => segment === '.' || segment === '..'), path)
        // A WHATWG parser, which resolves dots and turns backslashes, sees the same path.
        const seen = decodeURIComponent(new URL(`https://x.example${encodeURI(path)}`).pathname)
        assert.equal(seen, path)
      }),
      { numRuns: 3000 },
    )
  })
})

describe('foldPath', () => {
  for (const [written, spelling] of [
    ['/ADMIN', 'in capital letters'],
    ['/adm\u0131n', 'with an i without a dot'],
    ['/ADM\u0130N', 'with a capital I with a dot'],
    ['/\uff41dmin', 'with a wide letter'],
    ['/ad\u200bmin', 'with a space of no width'],
    ['/admin\ufe0f', 'with a variation selector'],
    ['/admin\u034f', 'with a joiner of graphemes'],
    ['/admin\u3164', 'with a filler'],
  ] as const) {
    it(`reads /admin ${spelling} as /admin (A9)`, () => assert.equal(foldPath(written), '/admin'))
  }

  it('keeps different names apart', () => {
    for (const other of ['/admins', '/admln', '/\u0430dmin', '/ad-min']) {
      assert.notEqual(foldPath(other), '/admin', other)
    }
  })
})
