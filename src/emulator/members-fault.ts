import type { FaultHit } from './faults.ts'
import type { EmulatorState } from './state.ts'

/** Sets or removes members of a JSON response, if such a fault waits. */
export function withMembersFault(
  state: EmulatorState,
  hit: FaultHit,
  members: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  const fault = state.faults.take(['members'], hit)
  if (fault === undefined) return members
  const changed = Object.entries({ ...members, ...fault.set })
  return Object.fromEntries(changed.filter(([name]) => !fault.remove?.includes(name)))
}
