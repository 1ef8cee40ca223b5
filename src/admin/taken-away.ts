/**
 * Access that was removed after a backup was made, and that restoring the backup would give back. It is found by comparison with
 * the database that the restored one replaces.
 */
import { allOf } from '../storage/all-of.ts'
import type {
  ApiKeyId,
  Connection,
  ConnectionId,
  MembershipId,
  SetupLinkId,
  UserId,
} from '../storage/records.ts'
import type { StorageReader, UserListItem } from '../storage/storage.ts'

type Lost<Id, Why> = readonly { readonly id: Id; readonly name: string; readonly why: Why }[]

export type TakenAway = {
  readonly users: Lost<UserId, 'disabled' | 'removed'>
  readonly memberships: Lost<MembershipId, 'disabled' | 'removed'>
  /** Roles that an operator gave and removed. Roles of rules are computed again at the next sign-in. */
  readonly roles: readonly {
    readonly membershipId: MembershipId
    readonly name: string
    readonly role: string
  }[]
  readonly apiKeys: Lost<ApiKeyId, 'revoked' | 'removed'>
  readonly connections: Lost<ConnectionId, 'turned_off' | 'removed'>
  readonly setupLinks: readonly {
    readonly id: SetupLinkId
    readonly connectionId: ConnectionId
  }[]
  /** Connections whose tenants, policies, role rules or settings differ. They are reported and left as they are in the backup. */
  readonly changedConnections: readonly {
    readonly id: ConnectionId
    readonly name: string
    readonly members: readonly string[]
  }[]
  readonly comparedUsers: ComparedUsers
  /** Users who were created after the backup. They get a new user at their next sign-in. */
  readonly newerUsers: number
}

/** How many users the backup contains, and how many of them the replaced database contains too. */
export type ComparedUsers = { readonly total: number; readonly common: number }

type Sides = { readonly restored: StorageReader; readonly replaced: StorageReader }

/** Compares the restored database with the one it replaces. It reads both page by page and changes neither. */
export async function findTakenAway(sides: Sides): Promise<TakenAway> {
  const people = await findPeople(sides)
  const connections = await findConnections(sides)
  return {
    ...people,
    ...connections,
    apiKeys: await findApiKeys(sides),
    newerUsers: await countNewerUsers(sides),
  }
}

async function findPeople({ restored, replaced }: Sides) {
  const users: TakenAway['users'][number][] = []
  const memberships: TakenAway['memberships'][number][] = []
  const roles: TakenAway['roles'][number][] = []
  let total = 0
  let common = 0
  for await (const item of allOf((page) => restored.listUsers(page))) {
    const later = await replaced.findUser(item.user.id)
    total += 1
    if (later !== undefined) common += 1
    const why = whyUser(item, later)
    if (why !== undefined) users.push({ id: item.user.id, name: nameOf(item), why })
    if (later === undefined) continue
    memberships.push(...lostMemberships(item, later))
    roles.push(...lostRoles(item, later))
  }
  return { users, memberships, roles, comparedUsers: { total, common } }
}

function whyUser(
  { user }: UserListItem,
  later: UserListItem | undefined,
): 'disabled' | 'removed' | undefined {
  if (user.status === 'disabled') return undefined
  if (later === undefined) return 'removed'
  return later.user.status === 'disabled' ? 'disabled' : undefined
}

function lostMemberships(
  { memberships }: UserListItem,
  later: UserListItem,
): TakenAway['memberships'] {
  return memberships.flatMap(({ id, username: name, status }): TakenAway['memberships'] => {
    if (status === 'disabled') return []
    const kept = later.memberships.find((membership) => membership.id === id)
    if (kept === undefined) return [{ id, name, why: 'removed' }]
    return kept.status === 'disabled' ? [{ id, name, why: 'disabled' }] : []
  })
}

function lostRoles({ memberships, roles }: UserListItem, later: UserListItem): TakenAway['roles'] {
  const isHeldLater = (membershipId: MembershipId, role: string) =>
    later.roles.some(
      (assignment) =>
        assignment.membershipId === membershipId &&
        assignment.role === role &&
        assignment.source === 'manual',
    )
  return roles.flatMap(({ membershipId, role, source }) => {
    if (source !== 'manual' || isHeldLater(membershipId, role)) return []
    const name = memberships.find(({ id }) => id === membershipId)?.username ?? membershipId
    return [{ membershipId, name, role }]
  })
}

function nameOf({ user, memberships }: UserListItem): string {
  return memberships[0]?.username ?? user.id
}

async function findApiKeys({ restored, replaced }: Sides): Promise<TakenAway['apiKeys']> {
  const found: TakenAway['apiKeys'][number][] = []
  for await (const { id, name, revokedAt } of allOf((page) => restored.listApiKeys({}, page))) {
    if (revokedAt !== undefined) continue
    const later = await replaced.findApiKey(id)
    if (later === undefined) found.push({ id, name, why: 'removed' })
    else if (later.revokedAt !== undefined) found.push({ id, name, why: 'revoked' })
  }
  return found
}

async function findConnections({ restored, replaced }: Sides) {
  const connections: TakenAway['connections'][number][] = []
  const changedConnections: TakenAway['changedConnections'][number][] = []
  const setupLinks: TakenAway['setupLinks'][number][] = []
  for (const id of await restored.listConnectionIds()) {
    const connection = await restored.findConnection(id)
    if (connection === undefined) continue
    const later = await replaced.findConnection(id)
    const { name } = connection
    if (connection.status === 'on' && later?.status !== 'on') {
      connections.push({ id, name, why: later === undefined ? 'removed' : 'turned_off' })
    }
    const members = later === undefined ? [] : differences(connection, later)
    if (members.length > 0) changedConnections.push({ id, name, members })
    setupLinks.push(...(await findClosedLinks({ restored, replaced }, id)))
  }
  return { connections, changedConnections, setupLinks }
}

const decisive = ['tenants', 'clientId', 'policies', 'roleRules', 'settings'] as const

function differences(before: Connection, later: Connection): readonly string[] {
  return decisive.filter(
    (member) => JSON.stringify(before[member]) !== JSON.stringify(later[member]),
  )
}

const MOST_LINKS = 50

async function findClosedLinks(
  { restored, replaced }: Sides,
  connectionId: ConnectionId,
): Promise<TakenAway['setupLinks']> {
  const links = await restored.listSetupLinks(connectionId, MOST_LINKS)
  const found: TakenAway['setupLinks'][number][] = []
  for (const { id, closed } of links) {
    if (closed !== undefined) continue
    const later = await replaced.findSetupLink(id)
    if (later === undefined || later.closed !== undefined) found.push({ id, connectionId })
  }
  return found
}

/** Counts from the newest user until the first one that both databases contain. */
async function countNewerUsers({ restored, replaced }: Sides): Promise<number> {
  let count = 0
  for await (const { user } of allOf((page) => replaced.listUsers(page))) {
    if ((await restored.findUser(user.id)) !== undefined) return count
    count += 1
  }
  return count
}
