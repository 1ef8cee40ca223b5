import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { isNoProxyEntry, nameOfProxy, parseNoProxy, parseProxy, routeOf } from './proxies.ts'

const proxies = {
  https: parseProxy('http://proxy.example.com:3128'),
  http: parseProxy('plain.example.com:3129'),
}

function isDirect(url: string, noProxy = ''): boolean {
  const route = routeOf({ ...proxies, noProxy: parseNoProxy(noProxy) }, new URL(url))
  return route.kind === 'direct'
}

describe('routeOf', () => {
  it('takes the proxy of the scheme, and none where none is given (E4)', () => {
    const via = (url: string, configured = proxies) => {
      const route = routeOf(configured, new URL(url))
      return route.kind === 'proxy' ? route.proxy.origin : route.kind
    }
    assert.equal(via('https://login.microsoftonline.com/x'), 'http://proxy.example.com:3128')
    assert.equal(via('http://receiver.example/'), 'http://plain.example.com:3129')
    assert.equal(routeOf({}, new URL('https://login.microsoftonline.com/')).kind, 'direct')
    assert.equal(routeOf({ http: proxies.http }, new URL('https://a.example/')).kind, 'direct')
  })

  it('reaches loopback directly (E4)', () => {
    for (const host of [
      'localhost',
      'localhost.',
      'sso.localhost:3000',
      '127.0.0.1',
      '127.9.9.9',
    ]) {
      assert.ok(isDirect(`https://${host}/`), host)
    }
    assert.ok(isDirect('https://[::1]:8443/'))
    assert.ok(isDirect('https://[::ffff:127.0.0.1]/'))
    assert.ok(!isDirect('https://localhost.example.com/'))
  })

  const named: readonly (readonly [string, readonly string[], readonly string[]])[] = [
    ['*', ['https://a.example/'], []],
    [
      'example.com',
      ['https://example.com/', 'https://a.b.example.com/', 'https://EXAMPLE.com./'],
      ['https://notexample.com/', 'https://example.com.evil.test/'],
    ],
    ['.example.com', ['https://a.example.com/', 'https://example.com/'], ['https://xexample.com/']],
    ['*.example.com', ['https://a.example.com/'], ['https://aexample.com/']],
    [
      'a.example:8443, b.example',
      ['https://a.example:8443/', 'https://b.example/'],
      ['https://a.example/'],
    ],
    ['a.example:443', ['https://a.example/'], ['http://a.example/']],
    ['10.0.0.0/8', ['https://10.1.2.3/'], ['https://11.1.2.3/', 'https://a.example/']],
    ['192.0.2.1', ['https://192.0.2.1/', 'https://0xc0000201/'], ['https://192.0.2.10/']],
    ['192.0.2.1:8443', ['https://192.0.2.1:8443/'], ['https://192.0.2.1/']],
    ['2001:db8::1', ['https://[2001:db8:0:0::1]/'], ['https://[2001:db8::2]/']],
    ['[2001:db8::1]:8443', ['https://[2001:db8::1]:8443/'], ['https://[2001:db8::1]/']],
    ['2001:db8::/32', ['https://[2001:db8:9::1]/'], ['https://[2001:db9::1]/']],
  ]
  for (const [noProxy, direct, proxied] of named) {
    it(`knows what NO_PROXY=${noProxy} names (E4)`, () => {
      for (const url of direct) assert.ok(isDirect(url, noProxy), url)
      for (const url of proxied) assert.ok(!isDirect(url, noProxy), url)
    })
  }
})

describe('parseProxy', () => {
  it('takes an address with or without scheme, user and password (E4)', () => {
    const url = new URL(parseProxy('http://us%40er:p%3Ass@proxy.example.com').reveal())
    assert.deepEqual([url.username, url.password], ['us%40er', 'p%3Ass'])
    assert.equal(
      nameOfProxy(parseProxy('https://user:word@proxy.example.com:3129')),
      'https://proxy.example.com:3129',
    )
    assert.equal(parseProxy('proxy:3128').reveal(), 'http://proxy:3128/')
  })

  it('refuses what is none without repeating it, since it may hold a password (E4)', () => {
    const wrong = [
      'socks5://proxy.example.com:1080',
      'http://user:pa/ssword@proxy.example.com:3128',
      'http://user:pa#ssword@proxy.example.com:3128',
      'http://proxy.example.com:3128/path',
      'http://proxy.example.com:99999',
      'http://',
      'ssword on the loose',
    ]
    for (const text of wrong) {
      assert.throws(
        () => parseProxy(text),
        ({ message }: Error) => message.startsWith('must be') && !message.includes('ssword@'),
        text,
      )
    }
  })
})

describe('isNoProxyEntry', () => {
  it('knows entries that match nothing here, whatever they mean to other programs (E4)', () => {
    for (const entry of [
      'https://a.example',
      'a.example/path',
      'a.example:99999',
      'c..d/33',
      '10.*',
    ]) {
      assert.ok(!isNoProxyEntry(entry), entry)
      assert.ok(!isDirect('https://a.example/', entry))
    }
    assert.deepEqual(parseNoProxy(' a.example,\tB.example  ,'), ['a.example', 'b.example'])
  })
})
