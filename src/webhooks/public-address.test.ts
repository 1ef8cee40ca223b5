import assert from 'node:assert/strict'
import { createServer, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, it } from 'node:test'
import { lookupReceivers } from './lookup-receivers.ts'
import { checkReceiverUrl, isPublicAddress } from './public-address.ts'

describe('checkReceiverUrl', () => {
  const inside = [
    'http://receiver.example/',
    'https://127.0.0.1/',
    'https://[::1]/',
    'https://0x7f.1/',
    'https://2130706433/',
    'https://127.1/',
    'https://[::ffff:169.254.169.254]/',
    'https://169.254.169.254/latest/meta-data',
    'https://10.1.2.3/',
    'https://100.64.0.1/',
    'https://[fd00::1]/',
    'https://0.0.0.0/',
    'https://localhost./',
    'https://localhost/',
    'https://intranet/',
    'https://sso.localhost/',
    'https://printer.local/',
    'https://metadata.google.internal/',
    'https://nas.home.arpa./',
    'https://user:secret@receiver.example/',
    'https://receiver.example:22/',
    'file:///etc/passwd',
    'gopher://receiver.example/',
    'javascript:alert(1)',
    'receiver.example',
    '',
    `https://receiver.example/${'x'.repeat(3000)}`,
  ]
  for (const url of inside) {
    it(`refuses ${url.slice(0, 50) || 'an empty address'} (I16)`, () => {
      assert.throws(() => checkReceiverUrl(url, { privateAllowed: false }), {
        code: 'url_not_allowed',
      })
    })
  }

  it('takes https on the public Internet', () => {
    for (const url of ['https://receiver.example/hook?x=1', 'https://8.8.8.8:8443/hook']) {
      assert.equal(checkReceiverUrl(url, { privateAllowed: false }).href, url)
    }
  })

  it('takes private addresses and http where an operator allows them', () => {
    assert.ok(checkReceiverUrl('http://10.0.0.1:8080/hook', { privateAllowed: true }))
    assert.throws(() => checkReceiverUrl('ftp://10.0.0.1/', { privateAllowed: true }), {
      code: 'url_not_allowed',
    })
  })
})

describe('isPublicAddress', () => {
  it('knows the addresses that are somebody’s own', () => {
    const own = ['127.0.0.1', '10.0.0.1', '192.168.1.1', '172.16.0.1', '169.254.1.1', '100.64.1.1']
    const own6 = ['::1', '::', 'fe80::1', 'fc00::1', '::ffff:10.0.0.1', 'ff02::1', '64:ff9b::a00:1']
    for (const address of [...own, ...own6, '0.0.0.0', '255.255.255.255', 'nonsense']) {
      assert.equal(isPublicAddress(address), false, address)
    }
    for (const address of ['8.8.8.8', '2001:4860:4860::8888', '::ffff:8.8.8.8']) {
      assert.equal(isPublicAddress(address), true, address)
    }
  })
})

describe('lookupReceivers', () => {
  const find = (
    addresses: readonly string[],
    { privateAllowed = false, all = true, family = 0 } = {},
  ) => {
    const found = addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }))
    const lookup = lookupReceivers(async () => found, { privateAllowed })
    return new Promise((resolve) =>
      lookup('hooks.example', { all, family }, (error, ...answer) =>
        resolve((error as NodeJS.ErrnoException | null)?.code ?? answer),
      ),
    )
  }

  it('does not connect to a name that resolves to this machine; the listener hears nothing (I16)', async (t) => {
    let heard = 0
    const canary = createServer(() => {
      heard += 1
    }).listen(0, '127.0.0.1')
    t.after(() => canary.close())
    await new Promise((resolve) => canary.once('listening', resolve))
    const { port } = canary.address() as AddressInfo
    const loopback = async () => [{ address: '127.0.0.1', family: 4 }]
    const lookup = lookupReceivers(loopback, { privateAllowed: false })
    const error = await new Promise((resolve) =>
      request({ host: 'hooks.example', port, lookup }).on('error', resolve).end(),
    )
    assert.equal((error as { code?: string }).code, 'ENOTPUBLIC')
    assert.equal(heard, 0)
  })

  it('keeps a name only if every address is public (I16)', async () => {
    assert.equal(await find(['8.8.8.8', '10.0.0.1']), 'ENOTPUBLIC')
    assert.equal(await find(['8.8.8.8', '::1']), 'ENOTPUBLIC')
    assert.deepEqual(await find(['10.0.0.1'], { privateAllowed: true }), [
      [{ address: '10.0.0.1', family: 4 }],
    ])
  })

  it('answers one address or all, of one family or both, as it was asked', async () => {
    const both = ['8.8.8.8', '2001:4860:4860::8888']
    assert.deepEqual(await find(both, { all: false }), ['8.8.8.8', 4])
    assert.deepEqual(await find(both, { all: false, family: 6 }), ['2001:4860:4860::8888', 6])
    assert.equal(await find(['8.8.8.8'], { all: false, family: 6 }), 'ENOTFOUND')
  })
})
