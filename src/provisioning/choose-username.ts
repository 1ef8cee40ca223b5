/** Chooses the username of a new member: one that no other person has or had in the organization. */
import { EntradaError } from '../errors/errors.ts'
import { findFreeName } from '../protocol/free-name.ts'
import type { Services } from '../services.ts'
import type { PlanCondition } from '../storage/plan.ts'
import type { MembershipId, OrganizationId } from '../storage/records.ts'
import type { StorageReader } from '../storage/storage.ts'
import { findRetiredUsernames, openUsernameHash } from './retired-usernames.ts'
import { numberedUsername, withSuffix } from './username.ts'

/** This much of the membership's id makes a username unique when no number does: 48 random bits. */
const ID_LETTERS = 12
/** So often a number is looked for. After that many people of one name came at once, the membership's id decides. */
const ROUNDS_WITH_NUMBERS = 4

export type ChosenUsername = {
  readonly username: string
  /** What must still hold when the username is given. That no member has it, its unique index decides. */
  readonly conditions: readonly PlanCondition[]
}

/**
 * Returns the preferred username in the first round, without a look-up; in a later one, after it was found to be taken, the next free
 * number of it.
 */
export async function chooseUsername(
  services: Pick<Services, 'keyRing' | 'sha256'>,
  reader: StorageReader,
  {
    wanted,
    organizationId,
    membershipId,
    retiredUsernamesKey,
    round,
  }: {
    readonly wanted: string
    readonly organizationId: OrganizationId
    readonly membershipId: MembershipId
    readonly retiredUsernamesKey: string | undefined
    readonly round: number
  },
): Promise<ChosenUsername> {
  const username =
    round === 1
      ? wanted
      : ((await findNumbered(services, reader, { wanted, organizationId, round })) ??
        withSuffix(wanted, `-${membershipId.slice(-ID_LETTERS)}`))
  if (retiredUsernamesKey === undefined) return { username, conditions: [] }
  const hash = openUsernameHash(services, retiredUsernamesKey)
  const usernameHash = hash(organizationId, username)
  return { username, conditions: [{ still: 'not_retired', organizationId, usernameHash }] }
}

function findNumbered(
  services: Pick<Services, 'keyRing' | 'sha256'>,
  reader: StorageReader,
  {
    wanted,
    organizationId,
    round,
  }: { readonly wanted: string; readonly organizationId: OrganizationId; readonly round: number },
): Promise<string | undefined> {
  if (round > ROUNDS_WITH_NUMBERS) return Promise.resolve(undefined)
  return findFreeName(
    (number) => numberedUsername(wanted, number),
    (usernames) => findTaken(services, reader, { organizationId, usernames }),
  )
}

type Among = { readonly organizationId: OrganizationId; readonly usernames: readonly string[] }

/** Checks that exactly this username can be given. @throws {EntradaError} `username_in_use`, `username_given_before` */
export async function checkUsernameFree(
  services: Pick<Services, 'keyRing' | 'sha256'>,
  reader: StorageReader,
  {
    username,
    organizationId,
  }: { readonly username: string; readonly organizationId: OrganizationId },
): Promise<void> {
  const names = { organizationId, usernames: [username] }
  if ((await findRetiredUsernames(services, reader, names)).size > 0) {
    throw new EntradaError('username_given_before', { username })
  }
  const taken = await reader.findTakenUsernames(organizationId, [username])
  if (taken.size > 0) throw new EntradaError('username_in_use')
}

async function findTaken(
  services: Pick<Services, 'keyRing' | 'sha256'>,
  reader: StorageReader,
  { organizationId, usernames }: Among,
): Promise<ReadonlySet<string>> {
  const members = await reader.findTakenUsernames(organizationId, usernames)
  const retired = await findRetiredUsernames(services, reader, { organizationId, usernames })
  return new Set(usernames.filter((name) => members.has(name.toLowerCase()) || retired.has(name)))
}
