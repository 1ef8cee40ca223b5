import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { clientIp } from './trusted-proxies.ts'

const PROXIES = ['10.0.0.0/8', '192.0.2.7', '2001:db8:f::/48']

describe('clientIp', () => {
  const cases: readonly (readonly [
    string,
    string | null,
    string | undefined,
    string | undefined,
  ])[] = [
    ['is the connection’s own address without a header', null, '203.0.113.5', '203.0.113.5'],
    ['is unknown when the connection is', '203.0.113.5', undefined, undefined],
    ['is not believed to a stranger (G11)', '203.0.113.9', '198.51.100.1', '198.51.100.1'],
    ['is what the trusted proxy saw', '203.0.113.9', '10.1.2.3', '203.0.113.9'],
    ['is what the proxy at a single address saw', '203.0.113.9', '192.0.2.7', '203.0.113.9'],
    ['is not believed to the neighbour of that proxy', '203.0.113.9', '192.0.2.8', '192.0.2.8'],
    [
      'is not what the client wrote in front (G11)',
      '1.2.3.4, 203.0.113.9',
      '10.1.2.3',
      '203.0.113.9',
    ],
    [
      'is read without the port that some proxies add',
      '203.0.113.9:4711',
      '10.1.2.3',
      '203.0.113.9',
    ],
    ['is read out of brackets', '[2001:db8::9]:4711', '10.1.2.3', '2001:db8::9'],
    [
      'is found behind several proxies',
      '203.0.113.9, 10.9.9.9, 10.8.8.8',
      '10.1.2.3',
      '203.0.113.9',
    ],
    [
      'is not a trusted address that the client wrote',
      '10.5.5.5, 203.0.113.9',
      '10.1.2.3',
      '203.0.113.9',
    ],
    ['is the first proxy when all are trusted', '10.5.5.5, 10.6.6.6', '10.1.2.3', '10.5.5.5'],
    ['is the last that can be read (G11)', 'unknown, 10.6.6.6', '10.1.2.3', '10.6.6.6'],
    ['is the proxy when its header is junk (G11)', '<script>', '10.1.2.3', '10.1.2.3'],
    ['is the proxy when its header is empty', '', '10.1.2.3', '10.1.2.3'],
    ['is found with any white space', ' \t203.0.113.9 ,10.9.9.9', '10.1.2.3', '203.0.113.9'],
    ['is an IPv4 address on a dual-stack socket', '203.0.113.9', '::ffff:10.1.2.3', '203.0.113.9'],
    [
      'is an IPv4 address when the proxy writes it as IPv6',
      '::FFFF:203.0.113.9',
      '10.1.2.3',
      '203.0.113.9',
    ],
    ['is found over IPv6', '2001:db8:1::5', '2001:db8:f:1::1', '2001:db8:1::5'],
    ['is not believed to another IPv6 network', '2001:db8:1::5', '2001:db8:e::1', '2001:db8:e::1'],
  ]
  for (const [what, header, remote, expected] of cases) {
    it(what, () => assert.equal(clientIp(header, remote, PROXIES), expected))
  }

  it('is the connection’s own address when no proxy is trusted', () => {
    assert.equal(clientIp('203.0.113.9', '10.1.2.3', []), '10.1.2.3')
    assert.equal(clientIp('203.0.113.9', '127.0.0.1', []), '127.0.0.1')
  })

  it('reads the last twenty of an endless list (G11)', () => {
    const endless = `203.0.113.9, ${Array(100_000).fill('10.9.9.9').join(', ')}`
    assert.equal(clientIp(endless, '10.1.2.3', PROXIES), '10.9.9.9')
  })

  it('is an address or unknown, whatever the header says', () => {
    const hop = fc.oneof(
      fc.ipV4(),
      fc.ipV6(),
      fc.string(),
      fc.constantFrom('10.0.0.1', 'fe80::1%x'),
    )
    const header = fc.array(hop).map((hops) => hops.join(','))
    fc.assert(
      fc.property(
        header,
        fc.oneof(fc.ipV4(), fc.ipV6(), fc.constant('10.0.0.1')),
        (forwarded, remote) => {
          assert.match(clientIp(forwarded, remote, PROXIES) ?? '', /^[0-9a-f.:]+(%\w+)?$/i)
        },
      ),
    )
  })
})
