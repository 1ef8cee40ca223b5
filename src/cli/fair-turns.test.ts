import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { createFairTurns } from './fair-turns.ts'

const WHOLE_TURN = 8

describe('createFairTurns', () => {
  it('starts at once what has nothing before it', () => {
    let started = 0
    createFairTurns().wait('a', WHOLE_TURN, () => {
      started += 1
    })
    assert.equal(started, 1)
  })

  it('starts a request after at most one of each other client, however many they sent (A1)', async () => {
    const turns = createFairTurns()
    const started: string[] = []
    const wait = (client: string) => turns.wait(client, WHOLE_TURN, () => void started.push(client))
    for (let nth = 0; nth < 600; nth += 1) wait('flood')
    wait('b')
    wait('c')
    for (let turn = 0; turn < 5; turn += 1) await nextTurn()
    assert.deepEqual(started.slice(0, 5), ['flood', 'flood', 'b', 'c', 'flood'])
  })

  it('starts everything in the end, in the order of each client', async () => {
    const turns = createFairTurns()
    const started: string[] = []
    for (let nth = 0; nth < 20; nth += 1) {
      for (const client of ['a', undefined, 'b']) {
        turns.wait(client, 3, () => void started.push(`${client} ${nth}`))
      }
    }
    while (started.length < 60) await nextTurn()
    const ofA = started.filter((name) => name.startsWith('a'))
    assert.deepEqual(
      ofA,
      Array.from({ length: 20 }, (_, nth) => `a ${nth}`),
    )
  })

  it('lets the event loop look for new requests between two expensive ones', async () => {
    const turns = createFairTurns()
    let started = 0
    const countStart = () => {
      started += 1
    }
    for (let nth = 0; nth < 3; nth += 1) turns.wait('a', WHOLE_TURN, countStart)
    const seen = [started]
    for (let turn = 0; turn < 2; turn += 1) {
      await nextTurn()
      seen.push(started)
    }
    assert.deepEqual(seen, [1, 2, 3])
  })
})
