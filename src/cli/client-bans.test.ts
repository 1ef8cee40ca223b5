import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createBans } from './client-bans.ts'

describe('createBans', () => {
  it('refuses a client for ten seconds, and nobody else', () => {
    let nowMs = 0
    const bans = createBans(() => nowMs)
    bans.ban('a')
    assert.deepEqual([bans.isBanned('a'), bans.isBanned('b')], [true, false])
    nowMs = 9_999
    assert.equal(bans.isBanned('a'), true)
    nowMs = 10_000
    assert.equal(bans.isBanned('a'), false)
  })

  it('never refuses clients that cannot be told apart: they are everybody behind a proxy', () => {
    const bans = createBans(() => 0)
    bans.ban(undefined)
    assert.equal(bans.isBanned(undefined), false)
  })
})
