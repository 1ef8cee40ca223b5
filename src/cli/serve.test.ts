import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { listenAddress } from './serve.ts'

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
