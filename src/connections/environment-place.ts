import type { Place } from '../identity-provider/provider-kind.ts'
import { DEFAULT_AUTHORITY, defaultKind } from '../identity-provider/provider-kinds.ts'

/** Returns where the people of the environment's connection sign in, and those whom a setting names without a cloud. */
export function environmentPlace(authority: URL | undefined): Place {
  return defaultKind.placeOf(authority ?? new URL(DEFAULT_AUTHORITY))
}
