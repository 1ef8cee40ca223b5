import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { clientNetwork } from './address-network.ts'

describe('clientNetwork', () => {
  it('is one client for a whole /64 of IPv6, however its addresses are spelled', () => {
    const spellings = ['2001:db8::1', '2001:0DB8:0:0:ffff::', '2001:db8:0::9:8:7:6']
    assert.deepEqual(new Set(spellings.map(clientNetwork)), new Set(['2001:db8:0:0::/64']))
    assert.notEqual(clientNetwork('2001:db8:0:1::1'), clientNetwork('2001:db8::1'))
  })

  it('is one client for each address of IPv4', () => {
    assert.equal(clientNetwork('192.0.2.7'), '192.0.2.7')
  })
})
