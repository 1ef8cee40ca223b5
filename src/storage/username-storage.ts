/** What must hold of usernames: one member each, also after that member was removed; part of `storage.ts`. */
import type { OrganizationId } from './records.ts'

/** Hashes a username for {@link UsernameReader.findRetiredUsernames}, whatever its letter case. */
export type HashUsername = (organizationId: OrganizationId, username: string) => string

export type UsernameReader = {
  /** Those of these names that a member of the organization has, ignoring case. In lower case. */
  findTakenUsernames(
    organizationId: OrganizationId,
    usernames: readonly string[],
  ): Promise<ReadonlySet<string>>
  /** Those of these hashes whose name belonged to a member who was removed. */
  findRetiredUsernames(
    organizationId: OrganizationId,
    hashes: readonly string[],
  ): Promise<ReadonlySet<string>>
  /** A key of this database's own, sealed under the key ring. */
  findSealedKey(name: string): Promise<string | undefined>
}

/** Inside `atomically`. */
export type UsernameWriter = {
  /** Lets a retired name be given again. Returns whether it was retired. */
  releaseUsername(organizationId: OrganizationId, hash: string): Promise<boolean>
  /** Stores the key if there is none of this name yet. */
  createSealedKey(name: string, sealed: string): Promise<void>
  removeSealedKey(name: string): Promise<void>
  /** Does nothing when the stored value is not `from` any more. */
  resealKey(name: string, from: string, to: string): Promise<void>
}
