import type { Connection, GroupSnapshot } from '../storage/records.ts'
import type { ResolvedGroups } from './group-overage.ts'

/** Returns the snapshot if it came from this connection. One of another connection belongs to another application and does not count. */
export function snapshotFrom(
  snapshot: GroupSnapshot | undefined,
  { id }: Pick<Connection, 'id'>,
): GroupSnapshot | undefined {
  return (snapshot?.connectionId ?? id) === id ? snapshot : undefined
}

/** Returns what is stored about a person's groups. If they are unknown, the last known ones stay and are marked as incomplete. */
export function groupSnapshot(
  groups: ResolvedGroups,
  {
    appRoles,
    lastKnown,
    now,
  }: {
    readonly appRoles: readonly string[]
    readonly lastKnown: GroupSnapshot | undefined
    readonly now: Date
  },
): GroupSnapshot {
  if (groups.kind === 'known' && groups.source !== 'last_known') {
    const { ids, source, names } = groups
    return {
      groups: ids,
      appRoles,
      complete: true,
      takenAt: now,
      source: source === 'absent' ? 'none' : source,
      ...(names ? { names } : {}),
    }
  }
  const complete = groups.kind === 'known' && lastKnown?.complete === true
  if (lastKnown !== undefined) return { ...lastKnown, appRoles, complete }
  return { groups: [], appRoles, complete, takenAt: now, source: 'none' }
}
