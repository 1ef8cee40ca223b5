/** Gives a new member a username that no other person has or had in the organization. */
import { EntradaError } from '../errors/errors.ts'
import { findFreeName } from '../protocol/free-name.ts'
import type { Services } from '../services.ts'
import type { Membership, OrganizationId } from '../storage/records.ts'
import type { StorageTransaction } from '../storage/storage.ts'
import { findRetiredUsernames } from './retired-usernames.ts'
import { numberedUsername, withSuffix } from './username.ts'

/** This much of the membership's id makes a username unique when no number does: 48 random bits. */
const ID_LETTERS = 12

/** Creates the membership under the preferred username, or with a number if that is taken. */
export async function createMembership(
  services: Pick<Services, 'keyRing' | 'sha256'>,
  transaction: StorageTransaction,
  {
    wanted,
    membership,
  }: { readonly wanted: string; readonly membership: Omit<Membership, 'username'> },
): Promise<Membership> {
  const { organizationId } = membership
  const isRetired = await wasGiven(services, transaction, { organizationId, usernames: [wanted] })
  // The name is not looked up first: a look-up would collide with every other person who signs in for the first time at this
  // moment.
  const asWanted = { ...membership, username: wanted }
  if (!isRetired && (await transaction.createMembership(asWanted))) return asWanted
  const free = await findFreeName(
    (number) => numberedUsername(wanted, number),
    (usernames) => findTaken(services, transaction, { organizationId, usernames }),
  )
  const username = free ?? withSuffix(wanted, `-${membership.id.slice(-ID_LETTERS)}`)
  const numbered = { ...membership, username }
  if (!(await transaction.createMembership(numbered))) throw new EntradaError('username_in_use')
  return numbered
}

/** Creates the membership under exactly this username. @throws {EntradaError} `username_in_use`, `username_given_before` */
export async function createMembershipAs(
  services: Pick<Services, 'keyRing' | 'sha256'>,
  transaction: StorageTransaction,
  {
    username,
    membership,
  }: { readonly username: string; readonly membership: Omit<Membership, 'username'> },
): Promise<Membership> {
  const { organizationId } = membership
  if (await wasGiven(services, transaction, { organizationId, usernames: [username] })) {
    throw new EntradaError('username_given_before', { username })
  }
  const created = { ...membership, username }
  if (!(await transaction.createMembership(created))) throw new EntradaError('username_in_use')
  return created
}

type Among = { readonly organizationId: OrganizationId; readonly usernames: readonly string[] }

async function wasGiven(
  services: Pick<Services, 'keyRing' | 'sha256'>,
  transaction: StorageTransaction,
  names: Among,
): Promise<boolean> {
  return (await findRetiredUsernames(services, transaction, names)).size > 0
}

async function findTaken(
  services: Pick<Services, 'keyRing' | 'sha256'>,
  transaction: StorageTransaction,
  { organizationId, usernames }: Among,
): Promise<ReadonlySet<string>> {
  const members = await transaction.findTakenUsernames(organizationId, usernames)
  const retired = await findRetiredUsernames(services, transaction, { organizationId, usernames })
  return new Set(usernames.filter((name) => members.has(name.toLowerCase()) || retired.has(name)))
}
