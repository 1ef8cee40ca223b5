/** The key of a person as the rest of the program compares it and shows it, whichever identity provider made it. */
import type { Connection, PersonKey, Space } from '../storage/records.ts'
import { entraIdsOf, entraSpace } from './entra/protocol/person-key.ts'

/** Returns the space of the people whom a connection signs in. */
export function spaceOf({ cloud }: Pick<Connection, 'cloud'>): Space {
  return entraSpace(cloud)
}

/** A key as audit events, traces and hooks show it: with Microsoft's names for its parts where Entra vouches for the person. */
export type ShownKey = PersonKey & { readonly tid?: string; readonly oid?: string }

/** Returns the members that describe a person by their key. */
export function shownKey(key: PersonKey): ShownKey {
  const { space, directory, subject } = key
  const ids = entraIdsOf(key)
  return { ...(ids ? { tid: ids.tid, oid: ids.oid } : {}), space, directory, subject }
}
