/** The key of a person in Entra: the cloud, the directory (`tid`) and the person in it (`oid`), as Microsoft names them. */
import type { PersonKey, Space } from '../../../storage/records.ts'

/** How the spaces of people of Entra begin. The name of the cloud follows. */
export const ENTRA_SPACE = 'entra:'

/** The ids of a person, in the names of Entra's claims. */
export type EntraIds = { readonly cloud: string; readonly tid: string; readonly oid: string }

/** Returns the space of all people in the directories of one of Microsoft's clouds. */
export function entraSpace(cloud: string): Space {
  return `${ENTRA_SPACE}${cloud.toLowerCase()}`
}

/** Returns the key of a person of Entra. Microsoft's ids ignore letter case, so this folds it: one person has one key. */
export function entraPersonKey({ cloud, tid, oid }: EntraIds): PersonKey {
  return { space: entraSpace(cloud), directory: tid.toLowerCase(), subject: oid.toLowerCase() }
}

/** Returns the ids that Entra knows a person by, or nothing for a person whom another identity provider vouches for. */
export function entraIdsOf({ space, directory, subject }: PersonKey): EntraIds | undefined {
  if (!space.startsWith(ENTRA_SPACE)) return undefined
  return { cloud: space.slice(ENTRA_SPACE.length), tid: directory, oid: subject }
}
