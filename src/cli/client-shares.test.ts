import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createShares, type Shares } from './client-shares.ts'

/** How many places the client gets when it takes as many as it can. */
function takeAll(shares: Shares, client: string | undefined, lose?: () => void): number {
  let count = 0
  while (shares.take(client, lose)) count += 1
  return count
}

describe('createShares', () => {
  it('gives one client half of the places, and a second one half of the rest (A1)', () => {
    const shares = createShares(512)
    assert.equal(takeAll(shares, 'a'), 256)
    assert.equal(takeAll(shares, 'b'), 128)
  })

  it('takes a place from the client with most for one that has none, however many take all they can get (A1)', () => {
    const shares = createShares(512)
    const losers: number[] = []
    for (let nth = 0; nth < 50; nth += 1) {
      takeAll(shares, `client ${nth}`, () => void losers.push(nth))
    }
    assert.equal(shares.free(), 0)
    assert.deepEqual(new Set(losers), new Set([0]))
    const before = losers.length
    assert.ok(shares.take('newcomer'))
    assert.deepEqual(losers.slice(before), [0])
    assert.equal(shares.take('newcomer'), undefined)
  })

  it('takes no place away that its holder cannot give up, and none from a client with one', () => {
    const shares = createShares(2)
    assert.ok(shares.take('a') && shares.take('b'))
    assert.equal(shares.take('newcomer'), undefined)
    const others = createShares(2)
    const lost: string[] = []
    for (const client of ['a', 'b']) others.take(client, () => void lost.push(client))
    assert.equal(others.take('newcomer'), undefined)
    assert.deepEqual(lost, [])
  })

  it('counts a place once that was taken away and is given back as well', () => {
    const shares = createShares(4)
    const givenBack = [shares.take('a', () => {}), shares.take('a', () => {})]
    assert.ok(shares.take(undefined) && shares.take(undefined) && shares.take('b'))
    for (const giveBack of givenBack) giveBack?.()
    assert.equal(shares.free(), 1)
  })

  it('gives every place to clients that cannot be told apart, and none twice', () => {
    const shares = createShares(10)
    assert.equal(takeAll(shares, undefined), 10)
    assert.equal(shares.take('a'), undefined)
  })

  it('takes a place back once, however often it is given back', () => {
    const shares = createShares(2)
    const giveBack = shares.take('a')
    giveBack?.()
    giveBack?.()
    assert.equal(shares.free(), 2)
    assert.equal(takeAll(shares, 'a'), 1)
  })
})
