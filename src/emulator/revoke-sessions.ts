import { homeOf, type Person } from './find-in-directory.ts'
import type { EmulatorState } from './state.ts'

/** Ends what a person granted until now: every refresh token, and every browser's session. */
export function revokeSessions(state: EmulatorState, person: Person): void {
  const { id } = homeOf(state.directory, person).user
  state.revocations.set(id, revocationsOf(state, person) + 1)
}

/** How often a person's sessions were ended. Counted, since a test's clock may stand still. */
export function revocationsOf(state: EmulatorState, person: Person): number {
  return state.revocations.get(homeOf(state.directory, person).user.id) ?? 0
}
