import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { GroupSnapshot } from '../storage/records.ts'
import { resolveGroups as resolve } from './group-overage.ts'

const takenAt = new Date('2026-11-22T12:00:00.000Z')
const lastKnown: GroupSnapshot = {
  groups: ['a', 'b'],
  appRoles: [],
  complete: true,
  takenAt,
  source: 'claim',
}
const overage = { kind: 'overage' } as const

const DAY_MS = 24 * 3_600_000
const daysLater = (days: number) => new Date(takenAt.getTime() + days * DAY_MS)

function resolveGroups(input: Omit<Parameters<typeof resolve>[0], 'now'>, now = daysLater(1)) {
  return resolve({ ...input, now })
}

describe('resolveGroups', () => {
  it('takes the groups of the token when they are all there', () => {
    const known = { kind: 'known', ids: ['x'], source: 'claim' }
    assert.deepEqual(
      resolveGroups({ claim: { kind: 'known', ids: ['x'] }, policy: 'refuse' }),
      known,
    )
    const again = { claim: { kind: 'known', ids: ['x'] }, policy: 'keep_last', lastKnown } as const
    assert.deepEqual(resolveGroups(again), known)
  })

  it('takes a token without groups for a person without groups, even if there were some before', () => {
    const none = { kind: 'known', ids: [], source: 'absent' }
    assert.deepEqual(
      resolveGroups({ claim: { kind: 'absent' }, policy: 'keep_last', lastKnown }),
      none,
    )
  })

  it('never takes too many groups for none (A50)', () => {
    for (const policy of ['refuse', 'keep_last', 'graph', 'graph_or_keep_last'] as const) {
      assert.deepEqual(
        resolveGroups({ claim: overage, policy }),
        { kind: 'unknown', reason: 'overage' },
        policy,
      )
    }
  })

  it('keeps the last known groups where the connection says so', () => {
    assert.deepEqual(resolveGroups({ claim: overage, policy: 'keep_last', lastKnown }), {
      kind: 'known',
      ids: ['a', 'b'],
      source: 'last_known',
    })
    assert.deepEqual(resolveGroups({ claim: overage, policy: 'refuse', lastKnown }), {
      kind: 'unknown',
      reason: 'overage',
    })
  })

  it('does not keep them for more than thirty days', () => {
    const input = { claim: overage, policy: 'keep_last', lastKnown } as const
    assert.equal(resolveGroups(input, daysLater(29)).kind, 'known')
    assert.equal(resolveGroups(input, daysLater(30)).kind, 'unknown')
  })

  it('does not keep groups that were not complete themselves', () => {
    const incomplete = { ...lastKnown, complete: false }
    assert.deepEqual(
      resolveGroups({ claim: overage, policy: 'keep_last', lastKnown: incomplete }),
      { kind: 'unknown', reason: 'overage' },
    )
  })

  it('takes the groups of Graph, with names that are only shown', () => {
    const names = { x: 'Engineering' }
    const claim = { kind: 'known', ids: ['x'], from: 'graph', names } as const
    assert.deepEqual(resolveGroups({ claim, policy: 'graph' }), {
      kind: 'known',
      ids: ['x'],
      source: 'graph',
      names,
    })
  })

  it('keeps the last known groups while Graph does not tell, if the connection says so', () => {
    const claim = { kind: 'unreadable', reason: 'graph_throttled' } as const
    const kept = { kind: 'known', ids: ['a', 'b'], source: 'last_known' }
    const unknown = { kind: 'unknown', reason: 'graph_throttled' }
    const of = (policy: 'refuse' | 'keep_last' | 'graph' | 'graph_or_keep_last') =>
      resolveGroups({ claim, policy, lastKnown })
    assert.deepEqual(of('graph'), unknown)
    assert.deepEqual(of('refuse'), unknown)
    assert.deepEqual(of('graph_or_keep_last'), kept)
    assert.deepEqual(of('keep_last'), kept)
    assert.deepEqual(resolveGroups({ claim, policy: 'graph_or_keep_last' }), unknown)
  })
})
