import { homeOf, type Person } from './find-in-directory.ts'
import type { EmulatorState } from './state.ts'

/** Revokes what a person granted until now: every refresh token, and every browser's session. */
export function revokeSessions(state: EmulatorState, person: Person): void {
  const { id } = homeOf(state.directory, person).user
  state.revocations.set(id, revocationsOf(state, person) + 1)
}

/** Returns how often a person's sessions were revoked. They are counted, because a test's clock may not move. */
export function revocationsOf(state: EmulatorState, person: Person): number {
  return state.revocations.get(homeOf(state.directory, person).user.id) ?? 0
}
