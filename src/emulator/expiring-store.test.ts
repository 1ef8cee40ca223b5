import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createExpiringStore } from './expiring-store.ts'

function newStore(start = 0) {
  const clock = { seconds: start }
  const store = createExpiringStore<number>({
    now: () => new Date(clock.seconds * 1000),
    maxAgeSeconds: 10,
    maxEntries: 3,
  })
  return { clock, store }
}

describe('createExpiringStore', () => {
  it('forgets an entry when its time is over', () => {
    const { clock, store } = newStore()
    store.set('a', 1)
    clock.seconds = 9
    assert.equal(store.find('a'), 1)
    clock.seconds = 10
    assert.equal(store.find('a'), undefined)
  })

  it('drops ended entries when another is set', () => {
    const { clock, store } = newStore()
    store.set('a', 1)
    store.set('b', 2)
    clock.seconds = 11
    store.set('c', 3)
    assert.equal(store.size, 1)
  })

  it('drops the oldest when there are too many, where setting again makes young', () => {
    const { store } = newStore()
    for (const name of ['a', 'b', 'c', 'a', 'd']) store.set(name, 1)
    assert.equal(store.find('b'), undefined)
    assert.equal(store.find('a'), 1)
    assert.equal(store.size, 3)
  })
})
