/** How the PostgreSQL server is set up, as far as Entrada depends on it. */
import type { DatabaseFacts } from './facts.ts'
import { type Finding, newFinding } from './finding.ts'

/** Replicas compare stored times with their own clocks: with a difference, sessions, claims and leases end too early or too late. */
const CLOCK_WARNED_SECONDS = 30

/** Judges how the PostgreSQL server is set up. */
export function diagnosePostgres({ inspection, where, server }: DatabaseFacts): readonly Finding[] {
  const hasHealth = inspection.kind === 'found' || inspection.kind === 'absent'
  const health = hasHealth ? inspection.postgres : undefined
  if (health === undefined || server === undefined) return []
  const { isStandby, encoding, mayCreate, isSuperuser, isDurable, takesOptions } = health
  const { connectionsWanted: wanted, sslMode, isRemote } = server
  return [
    ...(isStandby ? [newFinding('database_is_standby', { where })] : []),
    ...clock(health.clock),
    ...(encoding === 'UTF8' ? [] : [newFinding('database_not_utf8', { where, encoding })]),
    ...(mayCreate || isStandby ? [] : [newFinding('database_no_right_to_create', { where })]),
    ...(isSuperuser ? [newFinding('database_as_superuser', {})] : []),
    ...(isDurable ? [] : [newFinding('database_not_durable', { where })]),
    ...(takesOptions ? [] : [newFinding('database_behind_pooler', { where })]),
    ...(wanted > health.connections
      ? [newFinding('database_connections_few', { wanted, available: health.connections })]
      : []),
    ...(sslMode === 'no-verify' ? [newFinding('database_tls_not_checked', { where })] : []),
    ...(isRemote && !health.isEncrypted ? [newFinding('database_without_tls', { where })] : []),
  ]
}

function clock({
  theirs,
  ours,
  tookMs,
}: {
  readonly theirs: Date
  readonly ours: Date
  readonly tookMs: number
}): readonly Finding[] {
  const differenceMs = ours.getTime() - theirs.getTime()
  const seconds = Math.floor((Math.abs(differenceMs) - tookMs / 2) / 1000)
  if (seconds < CLOCK_WARNED_SECONDS) return []
  const direction = differenceMs > 0 ? 'fast' : 'slow'
  return [newFinding('database_clock_differs', { seconds, direction })]
}
