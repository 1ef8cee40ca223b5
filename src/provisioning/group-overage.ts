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

/** What is known of a person's groups, after the overage policy of the connection (design rule 5). */
export function resolveGroups({
  claim,
  policy,
  lastKnown,
}: {
  readonly claim: GroupsClaim
  readonly policy: ConnectionPolicies['groupsOverage']
  readonly lastKnown?: GroupSnapshot
}): ResolvedGroups {
  switch (claim.kind) {
    case 'known':
      return { kind: 'known', ids: claim.ids, source: 'claim' }
    case 'absent':
      return { kind: 'known', ids: [], source: 'absent' }
    case 'overage':
      return policy === 'keep_last' && lastKnown?.complete
        ? { kind: 'known', ids: lastKnown.groups, source: 'last_known' }
        : { kind: 'unknown' }
  }
}
