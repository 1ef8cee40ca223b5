import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { startNameServer } from '../../test/support/name-server.ts'
import { createNameResolver, type NameResolverOptions } from './customer-names.ts'

const files: Readonly<Record<string, string>> = {
  '/etc/hosts':
    '127.0.0.1 localhost\n10.1.2.3\tIntranet.example  intranet # ours\nfd00::7 intranet\n',
  '/etc/resolv.conf':
    'nameserver 127.0.0.53\nsearch corp.example svc.example\noptions ndots:2 edns0\n',
}

function readTextFile(path: string): string {
  const text = files[path]
  if (text === undefined) throw new Error('ENOENT')
  return text
}

function resolverOf(address: string, options: Partial<NameResolverOptions> = {}) {
  return createNameResolver({ servers: [address], timeLimitMs: 500, readTextFile, ...options })
}

describe('createNameResolver', () => {
  it('finds what needs no name server: addresses, loopback, the hosts file (A2)', async (t) => {
    const { address, requestedNames } = await startNameServer(t, {})
    const resolve = resolverOf(address)
    assert.deepEqual(await resolve('192.0.2.1'), [{ address: '192.0.2.1', family: 4 }])
    assert.deepEqual(await resolve('2001:db8::1'), [{ address: '2001:db8::1', family: 6 }])
    assert.deepEqual(await resolve('intranet.example'), [{ address: '10.1.2.3', family: 4 }])
    assert.deepEqual(await resolve('INTRANET'), [
      { address: '10.1.2.3', family: 4 },
      { address: 'fd00::7', family: 6 },
    ])
    assert.deepEqual(
      (await resolve('sso.localhost')).map(({ address: found }) => found),
      ['127.0.0.1', '::1'],
    )
    assert.deepEqual(requestedNames, [])
  })

  it('asks the name servers for everything else, without the files too (A2)', async (t) => {
    const { address } = await startNameServer(t, { 'hooks.example': ['192.0.2.5', '192.0.2.6'] })
    const resolve = resolverOf(address, {
      readTextFile: () => {
        throw new Error('ENOENT')
      },
    })
    assert.deepEqual(await resolve('hooks.example'), [
      { address: '192.0.2.5', family: 4 },
      { address: '192.0.2.6', family: 4 },
    ])
    await assert.rejects(resolve('absent.example'), { code: 'ENOTFOUND' })
  })

  it('gives a name server that does not answer its time, and one question for all who wait (A2)', async (t) => {
    const { address, requestedNames } = await startNameServer(t, {
      'silent.example': 'silence',
      'broken.example': 'failure',
      'hooks.example': ['192.0.2.5'],
    })
    const resolve = resolverOf(address)
    const silent = Array.from({ length: 60 }, () => resolve('silent.example'))
    const [found, ...failed] = await Promise.allSettled([resolve('hooks.example'), ...silent])
    assert.equal(found.status, 'fulfilled')
    for (const outcome of failed) {
      assert.equal(outcome.status === 'rejected' && outcome.reason.code, 'ETIMEOUT')
    }
    // Two families, each tried a second time.
    assert.ok(requestedNames.filter((name) => name === 'silent.example').length <= 4)
    await assert.rejects(resolve('broken.example'), { code: 'ESERVFAIL' })
  })

  it('completes short names as the machine does, where receivers may be private (A2)', async (t) => {
    const { address, requestedNames } = await startNameServer(t, {
      'receiver.svc.example': ['10.9.9.9'],
      'a.b.example': ['10.8.8.8'],
    })
    const resolve = resolverOf(address, { search: true })
    assert.deepEqual(await resolve('receiver'), [{ address: '10.9.9.9', family: 4 }])
    assert.deepEqual(
      [...new Set(requestedNames)],
      ['receiver.corp.example', 'receiver.svc.example'],
    )
    requestedNames.length = 0
    assert.deepEqual(await resolve('a.b.example'), [{ address: '10.8.8.8', family: 4 }])
    assert.deepEqual([...new Set(requestedNames)], ['a.b.example'])
    await assert.rejects(resolverOf(address)('receiver'), { code: 'ENOTFOUND' })
  })
})
