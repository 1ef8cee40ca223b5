import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { Hono } from 'hono'
import { parseReturnTo } from './return-to.ts'

const HERE = new URL('https://sso.example.com')
const MOUNTS = ['', '/sso'] as const

const corpus = readFileSync(
  new URL('../../test/vectors/open-redirects.txt', import.meta.url),
  'utf8',
)
  .split('\n')
  .filter((line) => line !== '' && !line.startsWith('# '))

/** The line unchanged, decoded once and decoded twice. */
function spellings(line: string): string[] {
  const once = decoded(line)
  return [...new Set([line, once, decoded(once)])]
}

function decoded(text: string): string {
  return text.replace(/(%[0-9a-f]{2})+/gi, (sequence) => {
    try {
      return decodeURIComponent(sequence)
    } catch {
      return sequence
    }
  })
}

/** A router with our acting addresses: whatever it answers, however spelled, a browser must not be sent to. */
function createActingRouter(mountPath: string) {
  const router = new Hono().basePath(mountPath || '/')
  for (const path of ['/login', '/auth', '/setup', '/enterprise-login']) {
    router.all(path, (context) => context.text('acts'))
    router.all(`${path}/*`, (context) => context.text('acts'))
  }
  return router
}

const actingRouters = { '': createActingRouter(''), '/sso': createActingRouter('/sso') }

/** Checks that a browser on any page resolves the `Location` to this server, and to no address that acts. */
async function assertHarmless(value: string, mountPath: (typeof MOUNTS)[number]): Promise<void> {
  const path = parseReturnTo(value, HERE, { mountPath })
  const evidence = `${JSON.stringify(value)} became ${JSON.stringify(path)}`
  assert.match(path, /^\/(?![/\\])[\x21-\x7e]*$/, evidence)
  assert.ok(path.length <= 1024, evidence)
  for (const from of ['/', '/auth/entra/callback?code=x', '/sso/auth/entra/callback']) {
    assert.equal(new URL(path, new URL(from, HERE)).origin, HERE.origin, evidence)
  }
  const { status } = await actingRouters[mountPath].request(new URL(path, HERE))
  assert.equal(status, 404, evidence)
}

describe('parseReturnTo', () => {
  for (const mountPath of MOUNTS) {
    it(`never leads away or to what acts, by any known trick${mountPath && ', below a mount path'} (C14, C16, C17, C18)`, async () => {
      assert.ok(corpus.length >= 300)
      for (const value of corpus.flatMap(spellings)) await assertHarmless(value, mountPath)
    })
  }

  it('never leads away or to what acts, by any trick put together from pieces (C14, C16)', async () => {
    const pieces = [
      '/',
      '\\',
      '.',
      '..',
      '@',
      ':',
      '?',
      '#',
      ';',
      '%',
      '\t',
      '\n',
      '\r',
      ' ',
      '\u0000',
    ]
    const words = [
      '%2f',
      '%5c',
      '%2e',
      '%09',
      '%6c',
      '%',
      'evil.example',
      'login',
      '%6cogin',
      'auth',
      'sso',
      'https:',
    ]
    const piece = fc.oneof(fc.constantFrom(...pieces, ...words), fc.string({ maxLength: 2 }))
    const value = fc.array(piece, { maxLength: 9 }).map((parts) => `/${parts.join('')}`)
    await fc.assert(fc.asyncProperty(value, fc.constantFrom(...MOUNTS), assertHarmless), {
      numRuns: 3_000,
    })
  })

  it('never leads away, whatever the text (C14)', async () => {
    const text = fc.oneof(fc.string({ unit: 'binary' }), fc.webUrl(), fc.webPath())
    await fc.assert(
      fc.asyncProperty(text, (value) => assertHarmless(value, '')),
      { numRuns: 1_000 },
    )
  })

  it('comes to the same when it reads its own answer again', () => {
    fc.assert(
      fc.property(fc.webPath(), fc.webQueryParameters(), fc.webFragments(), (path, query, hash) => {
        const once = parseReturnTo(`/x${path}?${query}#${hash}`, HERE)
        assert.equal(parseReturnTo(once, HERE), once)
      }),
    )
  })

  const kept = [
    '/',
    '/deep/page',
    '/deep/page?a=1&b=%20x#part',
    '/loginx',
    '/authors',
    '/setups',
    '/account',
    '/admin',
    '/x/login',
    '/x/auth/logout',
    '/?return_to=/login',
    '/#/login',
    '/a//b',
    '/100%25',
    '/?q=100%',
    '/@alice',
    '/a:b',
  ]
  for (const path of kept) {
    it(`keeps ${path}`, () => assert.equal(parseReturnTo(path, HERE), path))
  }

  it('writes letters that do not belong into an address as a browser does', () => {
    assert.equal(parseReturnTo('/zoë page?q=ü', HERE), '/zo%C3%AB%20page?q=%C3%BC')
    assert.equal(parseReturnTo('/a/../b', HERE), '/b')
  })

  it('leads to the start without a wish', () => {
    assert.equal(parseReturnTo(undefined, HERE), '/')
    assert.equal(parseReturnTo('', HERE), '/')
  })

  it('does not carry more than 1 KB, before or after it is written out (C16)', () => {
    const longest = `/${'a'.repeat(1023)}`
    assert.equal(parseReturnTo(longest, HERE), longest)
    assert.equal(parseReturnTo(`${longest}a`, HERE), '/')
    assert.equal(parseReturnTo(`/${'a'.repeat(1_000_000)}`, HERE), '/')
    assert.equal(parseReturnTo(`/${'€'.repeat(113)}`, HERE).length, 1 + 113 * 9)
    assert.equal(parseReturnTo(`/${'€'.repeat(114)}`, HERE), '/')
  })

  for (const value of [
    '/a\tb',
    '/a\nb',
    '/a\rb',
    '/a\u0000b',
    '/a\u007fb',
    '/%0d%0aSet-Cookie:%20x=1\r\n',
  ]) {
    it(`leads to the start for ${JSON.stringify(value)} (C17)`, () => {
      assert.equal(parseReturnTo(value, HERE), '/')
    })
  }

  it('leaves the host of the application its own addresses below a mount path', () => {
    assert.equal(parseReturnTo('/login', HERE, { mountPath: '/sso' }), '/login')
    assert.equal(parseReturnTo('/ssologin', HERE, { mountPath: '/sso' }), '/ssologin')
    assert.equal(parseReturnTo('/abc/login', HERE, { mountPath: '/sso' }), '/abc/login')
    assert.equal(parseReturnTo('/sso/login', HERE, { mountPath: '/sso' }), '/')
    assert.equal(parseReturnTo('/sso/account', HERE, { mountPath: '/sso' }), '/sso/account')
  })

  it('knows its own server by scheme and port as well', () => {
    const local = new URL('http://localhost:3000')
    assert.equal(parseReturnTo('/x', local), '/x')
    assert.equal(parseReturnTo('//localhost:3001/x', local), '/')
    assert.equal(parseReturnTo('http://localhost:3000/x', local), '/')
  })
})
