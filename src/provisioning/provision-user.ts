/**
 * Creates, links and updates a user from what describes a person: finds or creates user, identity and membership, then updates profile,
 * roles and groups. Every user is written here. It returns rows for the caller's plan or transaction, so a person is stored completely
 * or not at all.
 */
import { type Audited, auditWrite } from '../audit/audit.ts'
import type { AuditEvent } from '../audit/audit-events.ts'
import { directoryFingerprint } from '../connections/directory-fingerprint.ts'
import { shownKey } from '../identity-provider/person-key.ts'
import { newId } from '../keys/ids.ts'
import type { Services } from '../services.ts'
import type { IdentityChanges, PlanWrite } from '../storage/plan.ts'
import type {
  Identity,
  Membership,
  OrganizationId,
  RoleAssignment,
  UserId,
} from '../storage/records.ts'
import type { KnownPerson } from '../storage/storage.ts'
import { applyRoles } from './apply-roles.ts'
import type { DirectoryPerson, MatchedUser, PersonSource } from './directory-person.ts'
import { groupSnapshot, snapshotFrom } from './group-snapshot.ts'
import { changedMembers } from './profile.ts'

export type Provisioning = {
  readonly source: PersonSource
  readonly person: DirectoryPerson
  readonly user: MatchedUser
  readonly known?: KnownPerson | undefined
  /** All roles of the known membership, whatever assigned them. */
  readonly currentRoles?: readonly RoleAssignment[]
  /** The id of the membership if it is new, made by the caller together with its username. */
  readonly newMembershipId: Membership['id']
}

export type ProvisionedUser = {
  readonly userId: UserId
  /** Absent if an operator created a user without naming the person. */
  readonly identityId?: Identity['id']
  readonly membership: Membership
  readonly roles: readonly string[]
  readonly writes: readonly PlanWrite[]
}

type Work = Provisioning & {
  readonly services: Services
  readonly writes: PlanWrite[]
}

/** Returns what stores a person as it was decided. */
export function provisionUser(services: Services, provisioning: Provisioning): ProvisionedUser {
  const work: Work = { ...provisioning, services, writes: [] }
  const { source, person, currentRoles = [] } = work
  const userId = findOrCreateUser(work)
  const identityId = findOrLinkIdentity(work, userId)
  const membership = findOrCreateMembership(work, userId)
  const { roles, writes } = applyRoles(services, {
    membership,
    current: currentRoles,
    roles: person.roles,
    ...auditContext(work, userId),
  })
  work.writes.push(...writes)
  if (source.kind === 'sign_in') noteUse(work, source, membership)
  return {
    userId,
    ...(identityId ? { identityId } : {}),
    membership,
    roles,
    writes: work.writes,
  }
}

function findOrCreateUser({ user, services, writes }: Work): UserId {
  if (user.kind === 'known') return user.userId
  if (user.kind === 'linked') return user.membership.userId
  const at = services.now()
  const id = newId(services, 'usr')
  writes.push({
    write: 'create_user',
    user: { id, status: 'active', createdAt: at, updatedAt: at },
  })
  return id
}

function findOrLinkIdentity(work: Work, userId: UserId): Identity['id'] | undefined {
  const { source, person, known, services, user, writes } = work
  const { key, sub, lastClaims } = person
  const at = services.now()
  const seen = {
    ...(source.kind === 'sign_in' ? { connectionId: source.connection.id, lastSignInAt: at } : {}),
    ...(sub === undefined ? {} : { sub }),
    lastClaims,
  }
  if (known !== undefined) {
    const { id } = known.identity
    writes.push({ write: 'refresh_identity', id, seen: changedIn(known.identity, seen) })
    return id
  }
  if (key === undefined) return undefined
  const id = newId(services, 'idn')
  writes.push({ write: 'link_identity', identity: { id, userId, key, createdAt: at, ...seen } })
  if (source.kind === 'sign_in') {
    const reason = user.kind === 'linked' ? user.reason : 'first_sign_in'
    auditOf(work, userId, { type: 'identity.linked', detail: { ...shownKey(key), reason } })
  }
  return id
}

/** An unchanged column is not written, because each of its indexes would be written with it. */
function changedIn(identity: Identity, seen: IdentityChanges): IdentityChanges {
  const entries = Object.entries(seen)
  const changed = entries.filter(
    ([name, value]) => !isSame(identity[name as keyof Identity], value),
  )
  return Object.fromEntries(changed)
}

function isSame(some: unknown, other: unknown): boolean {
  return JSON.stringify(some) === JSON.stringify(other)
}

function findOrCreateMembership(work: Work, userId: UserId): Membership {
  const { source, person, services, user, writes } = work
  const { profile, username } = person
  const at = services.now()
  const seen = { profile, ...(source.kind === 'sign_in' ? { lastSignInAt: at } : {}) }
  if (user.kind !== 'new' && user.membership !== undefined) {
    const membership = { ...user.membership, ...seen }
    const members = changedMembers(user.membership.profile, profile)
    const isChanged = members.length > 0
    const { lastSignInAt } = membership
    writes.push({
      write: 'refresh_membership',
      membership,
      ...(isChanged ? { profile } : {}),
      ...(lastSignInAt ? { lastSignInAt } : {}),
    })
    if (isChanged) {
      auditOf(work, userId, { type: 'membership.profile_changed', detail: { members } })
    }
    return membership
  }
  const membership: Membership = {
    id: work.newMembershipId,
    userId,
    organizationId: auditContext(work, userId).organizationId,
    username,
    status: person.active === false ? 'disabled' : 'active',
    createdAt: at,
    ...seen,
  }
  writes.push({ write: 'create_membership', membership })
  auditNewMembership(work, membership)
  return membership
}

function auditNewMembership(work: Work, { userId, username }: Membership): void {
  const { source, person, user } = work
  if (user.kind === 'new') {
    const how = source.kind === 'sign_in' ? 'first_sign_in' : 'beforehand'
    const key = person.key ? shownKey(person.key) : {}
    auditOf(work, userId, { type: 'user.created', detail: { ...key, username, how } })
  }
  // An operator's change is one event, which contains the identity and the membership.
  if (source.kind === 'operator') return
  auditOf(work, userId, { type: 'membership.created', detail: { username } })
}

function noteUse(
  { person, known, services, writes }: Work,
  { connection }: Extract<PersonSource, { kind: 'sign_in' }>,
  { id }: Membership,
): void {
  const now = services.now()
  const fingerprint = directoryFingerprint(services, connection)
  const use = { connectionId: connection.id, fingerprint, at: now }
  writes.push({ write: 'note_connection_use', id, use })
  const { groups, appRoles } = person
  if (groups === undefined) return
  const lastKnown = snapshotFrom(known?.groups, connection)
  const snapshot = groupSnapshot(groups, { appRoles, lastKnown, now })
  writes.push({
    write: 'put_group_snapshot',
    id,
    snapshot: { ...snapshot, connectionId: connection.id },
  })
}

function auditOf(work: Work, userId: UserId, event: AuditEvent): void {
  const { services, writes } = work
  writes.push(auditWrite(services, { event, ...auditContext(work, userId) }))
}

/** Returns who caused the change and where: at a sign-in the users themselves do, through a connection. */
function auditContext({ source }: Work, userId: UserId): AuditContext {
  if (source.kind === 'operator') {
    const { caller, organizationId } = source
    return { caller, userId, organizationId }
  }
  const { exchange, connection } = source
  const { id: connectionId, organizationId } = connection
  const caller = { actor: { kind: 'user', id: userId }, exchange } as const
  return { caller, userId, connectionId, organizationId }
}

type AuditContext = Omit<Audited, 'event' | 'organizationId'> & {
  readonly organizationId: OrganizationId
}
