/**
 * Creates, links and updates a user from what describes a person: finds or creates user, identity and membership, then updates profile,
 * roles and groups. Every user is written here. It runs inside the transaction of the caller, so a person is stored completely or not
 * at all.
 */
import { type Audited, audit } from '../audit/audit.ts'
import type { AuditEvent } from '../audit/audit-events.ts'
import { directoryFingerprint } from '../connections/directory-fingerprint.ts'
import { shownKey } from '../identity-provider/person-key.ts'
import { newId } from '../keys/ids.ts'
import type { Services } from '../services.ts'
import type { Identity, Membership, OrganizationId, UserId } from '../storage/records.ts'
import type { KnownPerson, StorageTransaction } from '../storage/storage.ts'
import { applyRoles } from './apply-roles.ts'
import { createMembership, createMembershipAs } from './create-membership.ts'
import type { DirectoryPerson, MatchedUser, PersonSource } from './directory-person.ts'
import { groupSnapshot, snapshotFrom } from './group-snapshot.ts'
import { changedMembers } from './profile.ts'

export type Provisioning = {
  readonly source: PersonSource
  readonly person: DirectoryPerson
  readonly user: MatchedUser
  readonly known?: KnownPerson | undefined
}

export type ProvisionedUser = {
  readonly userId: UserId
  /** Absent if an operator created a user without naming the person. */
  readonly identityId?: Identity['id']
  readonly membership: Membership
  readonly roles: readonly string[]
}

type Work = Provisioning & {
  readonly services: Services
  readonly transaction: StorageTransaction
}

/** Stores what was decided. `transaction` must be the one in which `known` was read. */
export async function provisionUser(work: Work): Promise<ProvisionedUser> {
  const { services, transaction, source, person } = work
  const userId = await findOrCreateUser(work)
  const identityId = await findOrLinkIdentity(work, userId)
  const membership = await findOrCreateMembership(work, userId)
  const roles = await applyRoles(services, transaction, {
    membership,
    roles: person.roles,
    ...auditContext(work, userId),
  })
  if (source.kind === 'sign_in') await noteUse(work, source, membership)
  return { userId, ...(identityId ? { identityId } : {}), membership, roles }
}

async function findOrCreateUser({ user, services, transaction }: Work): Promise<UserId> {
  if (user.kind === 'known') return user.userId
  if (user.kind === 'linked') return user.membership.userId
  const at = services.now()
  const id = newId(services, 'usr')
  await transaction.createUser({ id, status: 'active', createdAt: at, updatedAt: at })
  return id
}

async function findOrLinkIdentity(work: Work, userId: UserId): Promise<Identity['id'] | undefined> {
  const { source, person, known, services, transaction, user } = work
  const { key, sub, lastClaims } = person
  const at = services.now()
  const seen = {
    ...(source.kind === 'sign_in' ? { connectionId: source.connection.id, lastSignInAt: at } : {}),
    ...(sub === undefined ? {} : { sub }),
    lastClaims,
  }
  if (known !== undefined) {
    await transaction.refreshIdentity(known.identity.id, { ...known.identity, ...seen })
    return known.identity.id
  }
  if (key === undefined) return undefined
  const id = newId(services, 'idn')
  await transaction.linkIdentity({ id, userId, key, createdAt: at, ...seen })
  if (source.kind === 'sign_in') {
    const reason = user.kind === 'linked' ? user.reason : 'first_sign_in'
    await auditOf(work, userId, { type: 'identity.linked', detail: { ...shownKey(key), reason } })
  }
  return id
}

async function findOrCreateMembership(work: Work, userId: UserId): Promise<Membership> {
  const { source, person, services, transaction, user } = work
  const { profile } = person
  const at = services.now()
  const seen = { profile, ...(source.kind === 'sign_in' ? { lastSignInAt: at } : {}) }
  if (user.kind !== 'new' && user.membership !== undefined) {
    const membership = { ...user.membership, ...seen }
    await transaction.refreshMembership(membership.id, membership)
    const members = changedMembers(user.membership.profile, profile)
    if (members.length > 0) {
      await auditOf(work, userId, { type: 'membership.profile_changed', detail: { members } })
    }
    return membership
  }
  const membership = await createNamed(work, {
    id: newId(services, 'mem'),
    userId,
    organizationId: auditContext(work, userId).organizationId,
    status: person.active === false ? 'disabled' : 'active',
    createdAt: at,
    ...seen,
  })
  await auditNewMembership(work, membership)
  return membership
}

/** An operator chose the username, so no number is appended to it if it is taken. */
function createNamed(
  { source, person, services, transaction }: Work,
  membership: Omit<Membership, 'username'>,
): Promise<Membership> {
  const { username } = person
  return source.kind === 'operator'
    ? createMembershipAs(services, transaction, { username, membership })
    : createMembership(services, transaction, { wanted: username, membership })
}

async function auditNewMembership(work: Work, { userId, username }: Membership): Promise<void> {
  const { source, person, user } = work
  if (user.kind === 'new') {
    const how = source.kind === 'sign_in' ? 'first_sign_in' : 'beforehand'
    const key = person.key ? shownKey(person.key) : {}
    await auditOf(work, userId, { type: 'user.created', detail: { ...key, username, how } })
  }
  // An operator's change is one event, which contains the identity and the membership.
  if (source.kind === 'operator') return
  await auditOf(work, userId, { type: 'membership.created', detail: { username } })
}

async function noteUse(
  { person, known, services, transaction }: Work,
  { connection }: Extract<PersonSource, { kind: 'sign_in' }>,
  { id }: Membership,
): Promise<void> {
  const now = services.now()
  await transaction.noteConnectionUse(id, {
    connectionId: connection.id,
    fingerprint: directoryFingerprint(services, connection),
    at: now,
  })
  const { groups, appRoles } = person
  if (groups === undefined) return
  const lastKnown = snapshotFrom(known?.groups, connection)
  const snapshot = groupSnapshot(groups, { appRoles, lastKnown, now })
  await transaction.putGroupSnapshot(id, { ...snapshot, connectionId: connection.id })
}

async function auditOf(work: Work, userId: UserId, event: AuditEvent): Promise<void> {
  const { services, transaction } = work
  await audit(services, transaction, { event, ...auditContext(work, userId) })
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
