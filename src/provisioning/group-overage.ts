import type { GroupsClaim } from '../identity-provider/identity-provider.ts'
import type { ConnectionPolicies, GroupSnapshot } from '../storage/records.ts'

/** `unknown` is never an empty list: whoever needs the groups has to refuse. */
export type ResolvedGroups =
  | {
      readonly kind: 'known'
      readonly ids: readonly string[]
      readonly source: 'claim' | 'absent' | 'last_known'
    }
  | { readonly kind: 'unknown' }

/** Whoever left a group can often join two hundred others at will: what was known must not be kept for ever. */
const LAST_KNOWN_LIFETIME_MS = 30 * 24 * 3_600_000

function isRecent({ takenAt }: GroupSnapshot, now: Date): boolean {
  return now.getTime() - takenAt.getTime() < LAST_KNOWN_LIFETIME_MS
}

/** What is known of a person's groups, after the overage policy of the connection (design rule 5). */
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
    case 'known':
      return { kind: 'known', ids: claim.ids, source: 'claim' }
    case 'absent':
      return { kind: 'known', ids: [], source: 'absent' }
    case 'overage':
      return policy === 'keep_last' && lastKnown?.complete && isRecent(lastKnown, now)
        ? { kind: 'known', ids: lastKnown.groups, source: 'last_known' }
        : { kind: 'unknown' }
  }
}
