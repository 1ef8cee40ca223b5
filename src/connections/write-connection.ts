/**
 * The only place that changes what an existing connection is: for the API, set-up forms, `entrada apply` and the environment. A rotation of
 * the key ring seals its credentials again by itself. Access that a
 * change removes is removed from live sessions when the transaction commits: see docs/sessions.md.
 */
import type { AdminCaller } from '../access/admin-caller.ts'
import { type AuditServices, audit } from '../audit/audit.ts'
import type { VerifiedIdentity } from '../identity-provider/identity-provider.ts'
import { isPersonalAccount } from '../identity-provider/provider-kinds.ts'
import type { SessionPerson } from '../storage/connection-people.ts'
import type { Connection, RoleRule } from '../storage/records.ts'
import type { StorageTransaction } from '../storage/storage.ts'
import type { ConnectionFields } from './connection-field.ts'
import { connectionFields } from './connection-fields.ts'
import { storedValues } from './field-values.ts'
import { type Account, refuseAccount } from './refuse-account.ts'

/** Members that a change may write. A new member of a connection is listed here, or in `Fixed`. */
const changeable = {
  name: true,
  cloud: true,
  authority: true,
  tenants: true,
  application: true,
  clientId: true,
  credentials: true,
  policies: true,
  roleRules: true,
  settings: true,
  status: true,
  managedBy: true,
} as const satisfies Record<Exclude<keyof Connection, Fixed>, true>
type Fixed = 'id' | 'organizationId' | 'slug' | 'protocol' | 'createdAt' | 'updatedAt'
type Changeable = keyof typeof changeable

/** Sessions are checked in batches of this size. */
const BATCH = 500

/** Returns the names of the members that differ. Without a previous connection, all of them do. */
export function changedMembers(
  before: Connection | undefined,
  after: Connection,
): readonly Changeable[] {
  const names = Object.keys(changeable) as Changeable[] // keys of the literal above
  return names.filter(
    (member) => JSON.stringify(before?.[member]) !== JSON.stringify(after[member]),
  )
}

/**
 * Writes what differs, removes the access that the change removes, and audits it. Returns the new connection. The caller checks
 * what may be changed at all.
 */
export async function writeConnection(
  services: AuditServices,
  transaction: StorageTransaction,
  written: {
    readonly caller: AdminCaller
    readonly before: Connection | undefined
    readonly after: Connection
  },
): Promise<Connection> {
  const { caller, before } = written
  const members = changedMembers(before, written.after)
  if (before !== undefined && members.length === 0) return before
  const after = { ...written.after, updatedAt: services.now() }
  await transaction.putConnection(after)
  const taken = before ? await takeAway(transaction, before, after) : {}
  const detail = { managedBy: after.managedBy, members, ...taken }
  await audit(services, transaction, {
    caller,
    event: { type: 'connection.changed', detail },
    organizationId: after.organizationId,
    connectionId: after.id,
  })
  return after
}

type Taken = { readonly rolesRemoved?: number; readonly sessionsEnded?: number }

/** Roles are removed first, because they may decide whether a session continues. */
async function takeAway(
  transaction: StorageTransaction,
  before: Connection,
  after: Connection,
): Promise<Taken> {
  const rolesRemoved =
    (await transaction.removeRolesOfRules(after, goneRules(before, after))) +
    (await replaceDefaultRole(transaction, before, after))
  const sessionsEnded = mayShutOut(before, after) ? await endShutOut(transaction, after) : 0
  const { recheckMinutes } = after.settings
  if (recheckMinutes !== undefined && recheckMinutes < (before.settings.recheckMinutes ?? 0)) {
    const latest = new Date(after.updatedAt.getTime() + recheckMinutes * 60_000)
    await transaction.bringChecksForward(after.id, latest)
  }
  return {
    ...(rolesRemoved > 0 ? { rolesRemoved } : {}),
    ...(sessionsEnded > 0 ? { sessionsEnded } : {}),
  }
}

/** A changed rule counts as removed, because the roles that it gave were for another condition. */
function goneRules(before: Connection, after: Connection): readonly string[] {
  const kept = new Set(after.roleRules.map(meaningOf))
  return before.roleRules.filter((rule) => !kept.has(meaningOf(rule))).map(({ id }) => id)
}

function meaningOf({ id, match, value, role }: RoleRule): string {
  return JSON.stringify([id, match, value, role])
}

async function replaceDefaultRole(
  transaction: StorageTransaction,
  before: Connection,
  after: Connection,
): Promise<number> {
  const role = defaultRoleOf(after)
  if (role === defaultRoleOf(before)) return 0
  return transaction.replaceDefaultRole(after, role)
}

function defaultRoleOf({ policies: { unmatched } }: Connection): string | undefined {
  return unmatched.kind === 'default_role' ? unmatched.role : undefined
}

/** Returns whether the change may refuse a user who is signed in now. */
function mayShutOut(before: Connection, after: Connection): boolean {
  return JSON.stringify(admittance(before)) !== JSON.stringify(admittance(after))
}

/** Returns the values that decide who may sign in through a connection. */
export function admittance(
  connection: Connection,
  fields: ConnectionFields = connectionFields,
): readonly unknown[] {
  const values = storedValues(fields, connection, ({ decidesAdmission }) => decidesAdmission)
  return [connection.cloud, ...values]
}

/** Ends the sessions of users whom a sign-in through the connection would refuse now, by what is stored about them. */
async function endShutOut(
  transaction: StorageTransaction,
  connection: Connection,
): Promise<number> {
  const end = { reason: 'access_changed', connectionId: connection.id } as const
  const ids = await transaction.listSessionIdsOf(connection.id)
  let ended = 0
  for (let start = 0; start < ids.length; start += BATCH) {
    const people = await transaction.listSessionPeople(ids.slice(start, start + BATCH))
    const shutOut = people.filter((person) => isShutOut(connection, person))
    ended += await transaction.endSessionsFor(
      shutOut.map(({ sessionId }) => sessionId),
      end,
    )
  }
  return ended
}

function isShutOut(connection: Connection, person: SessionPerson): boolean {
  if (refuseAccount(connection, accountOf(connection, person)) !== undefined) return true
  const { unmatched } = connection.policies
  const rolesAreOurs = (person.rolesFrom ?? connection.id) === connection.id
  return unmatched.kind === 'refuse' && rolesAreOurs && !person.matchesRule
}

/**
 * Returns the account as of the last sign-in: its claims, if it came through this connection, or else the profile that was made of
 * them.
 */
function accountOf({ id }: Connection, { identity, profile }: SessionPerson): Account {
  const { key, lastClaims, connectionId } = identity
  const personalAccount = isPersonalAccount(key)
  if (connectionId === id) {
    const claims = lastClaims as Partial<VerifiedIdentity> // `provision-user.ts` wrote it from one
    const { guest = false, email, preferredUsername, userPrincipalName } = claims
    return { key, personalAccount, guest, email, preferredUsername, userPrincipalName }
  }
  const { guest = false, email, userPrincipalName } = profile ?? {}
  return { key, personalAccount, guest, email: email?.address, userPrincipalName }
}
