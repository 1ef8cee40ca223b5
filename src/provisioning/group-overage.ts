import type { GraphProblem, GroupsClaim } from '../identity-provider/identity-provider.ts'
import type { ConnectionPolicies, GroupSnapshot } from '../storage/records.ts'

/** `unknown` is never an empty list: a decision that needs the groups has to refuse. */
export type ResolvedGroups =
  | {
      readonly kind: 'known'
      readonly ids: readonly string[]
      readonly source: 'claim' | 'graph' | 'absent' | 'last_known'
      readonly names?: Readonly<Record<string, string>>
    }
  | { readonly kind: 'unknown'; readonly reason: 'overage' | GraphProblem }

/** A person who left a group can often join two hundred others freely, so the last known groups must not count for ever. */
const LAST_KNOWN_LIFETIME_MS = 30 * 24 * 3_600_000

function isRecent({ takenAt }: GroupSnapshot, now: Date): boolean {
  return now.getTime() - takenAt.getTime() < LAST_KNOWN_LIFETIME_MS
}

/** Returns a person's groups by the overage policy of the connection (design rule 5). */
export function resolveGroups({
  claim,
  policy,
  lastKnown,
  now,
}: {
  readonly claim: GroupsClaim
  readonly policy: ConnectionPolicies['groupsOverage']
  readonly lastKnown?: GroupSnapshot
  readonly now: Date
}): ResolvedGroups {
  switch (claim.kind) {
    case 'known': {
      const { ids, from = 'claim', names } = claim
      return { kind: 'known', ids, source: from, ...(names ? { names } : {}) }
    }
    case 'absent':
      return { kind: 'known', ids: [], source: 'absent' }
    case 'overage':
    case 'unreadable': {
      const keeps = policy === 'keep_last' || policy === 'graph_or_keep_last'
      return keeps && lastKnown?.complete && isRecent(lastKnown, now)
        ? { kind: 'known', ids: lastKnown.groups, source: 'last_known' }
        : { kind: 'unknown', reason: claim.kind === 'overage' ? 'overage' : claim.reason }
    }
  }
}
