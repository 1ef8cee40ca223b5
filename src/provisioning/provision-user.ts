/**
 * Finds or creates user, identity and membership, then updates profile, roles and groups. It runs inside the transaction of the
 * sign-in, so a sign-in is stored completely or not at all.
 */
import { audit } from '../audit/audit.ts'
import type { AuditEvent } from '../audit/audit-events.ts'
import { directoryFingerprint } from '../connections/directory-fingerprint.ts'
import type { Exchange } from '../http/exchange.ts'
import { shownKey } from '../identity-provider/person-key.ts'
import { newId } from '../keys/ids.ts'
import type { Services } from '../services.ts'
import type { Connection, GroupSnapshot, Identity, Membership, UserId } from '../storage/records.ts'
import type { KnownPerson, StorageTransaction } from '../storage/storage.ts'
import { applyRoles } from './apply-roles.ts'
import { createMembership } from './create-membership.ts'
import type { DirectoryPerson, MatchedUser } from './directory-person.ts'
import { groupSnapshot, snapshotFrom } from './group-snapshot.ts'
import { changedMembers } from './profile.ts'

export type Provisioning = {
  readonly connection: Connection
  readonly person: DirectoryPerson
  readonly user: MatchedUser
  readonly known: KnownPerson | undefined
}

export type ProvisionedUser = {
  readonly userId: UserId
  readonly identityId: Identity['id']
  readonly membership: Membership
  readonly roles: readonly string[]
}

type Work = Provisioning & {
  readonly services: Services
  readonly exchange: Exchange
  readonly transaction: StorageTransaction
}

/** Stores what was decided. `transaction` must be the one in which `known` was read. */
export async function provisionUser(work: Work): Promise<ProvisionedUser> {
  const userId = await findOrCreateUser(work)
  const identityId = await findOrLinkIdentity(work, userId)
  const membership = await findOrCreateMembership(work, userId)
  const roles = await applyRoles(work.services, work.transaction, {
    membership,
    connection: work.connection,
    roles: work.person.roles,
    actor: { kind: 'user', id: userId },
    exchange: work.exchange,
  })
  await noteUse(work, membership)
  await work.transaction.putGroupSnapshot(membership.id, snapshotOf(work))
  return { userId, identityId, membership, roles }
}

async function findOrCreateUser({ user, services, transaction }: Work): Promise<UserId> {
  if (user.kind === 'known') return user.userId
  if (user.kind === 'linked') return user.membership.userId
  const at = services.now()
  const id = newId(services, 'usr')
  await transaction.createUser({ id, status: 'active', createdAt: at, updatedAt: at })
  return id
}

async function findOrLinkIdentity(work: Work, userId: UserId): Promise<Identity['id']> {
  const { connection, person, known, services, transaction, user } = work
  const at = services.now()
  const seen = {
    connectionId: connection.id,
    ...(person.sub === undefined ? {} : { sub: person.sub }),
    lastClaims: person.lastClaims,
    lastSignInAt: at,
  }
  if (known !== undefined) {
    await transaction.refreshIdentity(known.identity.id, seen)
    return known.identity.id
  }
  const id = newId(services, 'idn')
  await transaction.linkIdentity({ id, userId, key: person.key, createdAt: at, ...seen })
  const reason = user.kind === 'linked' ? user.reason : 'first_sign_in'
  await auditOf(work, userId, {
    type: 'identity.linked',
    detail: { ...shownKey(person.key), reason },
  })
  return id
}

async function findOrCreateMembership(work: Work, userId: UserId): Promise<Membership> {
  const { connection, person, services, transaction, user } = work
  const { profile } = person
  const at = services.now()
  if (user.kind !== 'new' && user.membership !== undefined) {
    await transaction.refreshMembership(user.membership.id, { profile, lastSignInAt: at })
    const members = changedMembers(user.membership.profile, profile)
    if (members.length > 0) {
      await auditOf(work, userId, { type: 'membership.profile_changed', detail: { members } })
    }
    return { ...user.membership, profile, lastSignInAt: at }
  }
  const membership = await createMembership(services, transaction, {
    wanted: person.username,
    membership: {
      id: newId(services, 'mem'),
      userId,
      organizationId: connection.organizationId,
      profile,
      status: 'active',
      createdAt: at,
      lastSignInAt: at,
    },
  })
  await auditNewMembership(work, membership)
  return membership
}

async function auditNewMembership(work: Work, { userId, username }: Membership): Promise<void> {
  if (work.user.kind === 'new') {
    const detail = { ...shownKey(work.person.key), username, how: 'first_sign_in' } as const
    await auditOf(work, userId, { type: 'user.created', detail })
  }
  await auditOf(work, userId, { type: 'membership.created', detail: { username } })
}

async function noteUse({ services, transaction, connection }: Work, { id }: Membership) {
  await transaction.noteConnectionUse(id, {
    connectionId: connection.id,
    fingerprint: directoryFingerprint(services, connection),
    at: services.now(),
  })
}

function snapshotOf({ person, known, services, connection }: Work): GroupSnapshot {
  const { groups, appRoles } = person
  const lastKnown = snapshotFrom(known?.groups, connection)
  const snapshot = groupSnapshot(groups, { appRoles, lastKnown, now: services.now() })
  return { ...snapshot, connectionId: connection.id }
}

async function auditOf(work: Work, userId: UserId, event: AuditEvent): Promise<void> {
  const { services, exchange, connection, transaction } = work
  const { id: connectionId, organizationId } = connection
  const caller = { actor: { kind: 'user', id: userId }, exchange } as const
  await audit(services, transaction, { caller, event, userId, connectionId, organizationId })
}
