import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { drainSecondsOf, listenAddress } from './serve.ts'

describe('listenAddress', () => {
  const of = (url: string) => {
    const { host, port } = listenAddress({ serverUrl: new URL(url), listen: undefined })
    return `${host} ${port}`
  }

  it('is where people on this machine are sent', () => {
    assert.equal(of('http://localhost:3005'), '127.0.0.1 3005')
    assert.equal(of('http://127.0.0.1'), '127.0.0.1 80')
    assert.equal(of('http://[::1]:3005'), '::1 3005')
  })

  it('is port 3000 of this machine behind a proxy, and what was set in any case', () => {
    assert.equal(of('https://sso.example.com'), '127.0.0.1 3000')
    const listen = { host: '0.0.0.0', port: 8080 }
    assert.equal(listenAddress({ serverUrl: new URL('http://localhost:3000'), listen }), listen)
  })
})

describe('drainSecondsOf', () => {
  const of = (
    signal: 'SIGTERM' | 'SIGINT',
    database: 'sqlite' | 'postgres',
    changes: { readonly drainSeconds?: number; readonly mode?: 'development' } = {},
  ) =>
    drainSecondsOf(
      { signal, repeated: new Promise(() => {}) },
      {
        settings: { drainSeconds: changes.drainSeconds },
        options: { mode: changes.mode ?? 'production' },
        database,
      },
    )

  it('is ten seconds where another replica can take the requests (O2)', () => {
    assert.deepEqual([of('SIGTERM', 'postgres'), of('SIGTERM', 'sqlite')], [10, 0])
  })

  it('is what was set, with either database (O2)', () => {
    assert.equal(of('SIGTERM', 'sqlite', { drainSeconds: 4 }), 4)
    assert.equal(of('SIGTERM', 'postgres', { drainSeconds: 0 }), 0)
  })

  it('keeps nobody waiting who presses Ctrl-C, and no developer', () => {
    assert.equal(of('SIGINT', 'postgres', { drainSeconds: 4 }), 0)
    assert.equal(of('SIGTERM', 'sqlite', { drainSeconds: 4, mode: 'development' }), 0)
  })
})
