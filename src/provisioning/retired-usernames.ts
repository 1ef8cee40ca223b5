/**
 * Usernames of members who were removed. Applications store data under a username, so the next person must not get it. The database
 * stores a keyed hash of each: a name can be compared with it, but the names of removed people cannot be listed. The key is random
 * and sealed under the key ring, so hashes stay valid when the ring is rotated.
 */
import { EntradaError } from '../errors/errors.ts'
import type { Services } from '../services.ts'
import type { OrganizationId } from '../storage/records.ts'
import type { StorageReader, StorageTransaction } from '../storage/storage.ts'
import { type HashUsername, RETIRED_USERNAMES_KEY } from '../storage/username-storage.ts'

const ASSOCIATED_DATA = `sealed_keys.sealed:${RETIRED_USERNAMES_KEY}`

/**
 * Returns the hash for retired names, and creates its key at the first use.
 *
 * @throws {EntradaError} `sealed_value_invalid`, `secret_key_missing`
 */
export async function getUsernameHash(
  services: Pick<Services, 'keyRing' | 'randomBytes' | 'sha256'>,
  transaction: StorageTransaction,
): Promise<HashUsername> {
  const retired = await findUsernameHash(services, transaction)
  if (retired !== undefined) return retired
  const key = Buffer.from(services.randomBytes(32)).toString('base64url')
  await transaction.createSealedKey(RETIRED_USERNAMES_KEY, sealKey(services, key))
  const made = await findUsernameHash(services, transaction)
  if (made === undefined) throw new EntradaError('internal_error', { reason: 'key_not_stored' })
  return made
}

/** Returns which of these names belonged to a removed member of the organization. */
export async function findRetiredUsernames(
  services: Pick<Services, 'keyRing' | 'sha256'>,
  reader: StorageReader,
  {
    organizationId,
    usernames,
  }: { readonly organizationId: OrganizationId; readonly usernames: readonly string[] },
): Promise<ReadonlySet<string>> {
  const hash = await findUsernameHash(services, reader)
  if (hash === undefined) return new Set()
  const hashes = new Map(usernames.map((name) => [hash(organizationId, name), name]))
  const retired = await reader.findRetiredUsernames(organizationId, [...hashes.keys()])
  return new Set([...retired].map((found) => hashes.get(found) ?? ''))
}

/** Allows the name to be given again. @throws {EntradaError} `record_not_found` when it was not retired */
export async function releaseUsername(
  services: Pick<Services, 'keyRing' | 'sha256'>,
  transaction: StorageTransaction,
  {
    organizationId,
    username,
  }: { readonly organizationId: OrganizationId; readonly username: string },
): Promise<void> {
  const hash = await findUsernameHash(services, transaction)
  const wasRetired =
    hash !== undefined &&
    (await transaction.releaseUsername(organizationId, hash(organizationId, username)))
  if (!wasRetired) throw new EntradaError('record_not_found')
}

/** Seals the key under the first key of the ring. Returns whether it was sealed under another one. */
export async function resealUsernameKey(
  services: Pick<Services, 'keyRing'>,
  transaction: StorageTransaction,
): Promise<boolean> {
  const sealed = await transaction.findSealedKey(RETIRED_USERNAMES_KEY)
  if (sealed === undefined || services.keyRing.isNewest(sealed)) return false
  const again = sealKey(services, openKey(services, sealed))
  await transaction.resealKey(RETIRED_USERNAMES_KEY, sealed, again)
  return true
}

/** Returns `undefined` before the first name was retired. */
async function findUsernameHash(
  services: Pick<Services, 'keyRing' | 'sha256'>,
  reader: StorageReader,
): Promise<HashUsername | undefined> {
  const sealed = await reader.findSealedKey(RETIRED_USERNAMES_KEY)
  return sealed === undefined ? undefined : openUsernameHash(services, sealed)
}

/** Returns the hash whose sealed key this is. @throws {EntradaError} `sealed_value_invalid`, `secret_key_missing` */
export function openUsernameHash(
  services: Pick<Services, 'keyRing' | 'sha256'>,
  sealed: string,
): HashUsername {
  const key = openKey(services, sealed)
  const { sha256 } = services
  // The second hash prevents a value from being extended by appended text.
  return (organizationId, username) =>
    sha256(key + sha256(key + JSON.stringify([organizationId, username.toLowerCase()])))
}

function sealKey({ keyRing }: Pick<Services, 'keyRing'>, key: string): string {
  return keyRing.seal('username-key', key, ASSOCIATED_DATA)
}

function openKey({ keyRing }: Pick<Services, 'keyRing'>, sealed: string): string {
  return keyRing.open('username-key', sealed, ASSOCIATED_DATA)
}
