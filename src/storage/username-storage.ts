/** The contract for usernames: each belongs to one member, also after that member was removed; part of `storage.ts`. */
import type { OrganizationId } from './records.ts'

/** The name of the sealed key under which usernames of removed members are hashed. */
export const RETIRED_USERNAMES_KEY = 'retired-usernames'

/** Hashes a username for {@link UsernameReader.findRetiredUsernames}, whatever its letter case. */
export type HashUsername = (organizationId: OrganizationId, username: string) => string

export type UsernameReader = {
  /** Returns those of these names that a member of the organization has, ignoring case, in lower case. */
  findTakenUsernames(
    organizationId: OrganizationId,
    usernames: readonly string[],
  ): Promise<ReadonlySet<string>>
  /** Returns those of these hashes whose name belonged to a removed member. */
  findRetiredUsernames(
    organizationId: OrganizationId,
    hashes: readonly string[],
  ): Promise<ReadonlySet<string>>
  /** Finds a key of this database, sealed under the key ring. */
  findSealedKey(name: string): Promise<string | undefined>
}

/** These functions run inside `atomically`. */
export type UsernameWriter = {
  /** Allows a retired name to be given again. Returns whether it was retired. */
  releaseUsername(organizationId: OrganizationId, hash: string): Promise<boolean>
  /** Stores the key if there is none with this name yet. */
  createSealedKey(name: string, sealed: string): Promise<void>
  removeSealedKey(name: string): Promise<void>
  /** Does nothing if the stored value is no longer `from`. */
  resealKey(name: string, from: string, to: string): Promise<void>
}
