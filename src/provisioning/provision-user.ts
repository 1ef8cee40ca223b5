/**
 * Finds or creates user, identity and membership, then updates profile, roles and groups. It runs inside the transaction of the
 * sign-in, so a sign-in is stored completely or not at all.
 */
import { audit } from '../audit/audit.ts'
import type { AuditEvent } from '../audit/audit-events.ts'
import { directoryFingerprint } from '../connections/directory-fingerprint.ts'
import type { Exchange } from '../http/exchange.ts'
import type { VerifiedIdentity } from '../identity-provider/identity-provider.ts'
import { shownKey } from '../identity-provider/person-key.ts'
import { newId } from '../keys/ids.ts'
import type { Services } from '../services.ts'
import type { SignInDecision } from '../sign-in/decide-sign-in.ts'
import type { Connection, GroupSnapshot, Identity, Membership, UserId } from '../storage/records.ts'
import type { KnownPerson, StorageTransaction } from '../storage/storage.ts'
import { applyRoles } from './apply-roles.ts'
import { createMembership } from './create-membership.ts'
import { groupSnapshot, snapshotFrom } from './group-snapshot.ts'
import { changedMembers, profileFrom } from './profile.ts'
import { usernameFor } from './username.ts'

export type Provisioning = {
  readonly connection: Connection
  readonly identity: VerifiedIdentity
  readonly decision: Extract<SignInDecision, { kind: 'allowed' }>
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
    roles: work.decision.roles,
    actor: { kind: 'user', id: userId },
    exchange: work.exchange,
  })
  await noteUse(work, membership)
  await work.transaction.putGroupSnapshot(membership.id, snapshotOf(work))
  return { userId, identityId, membership, roles }
}

async function findOrCreateUser({ decision, services, transaction }: Work): Promise<UserId> {
  const { person } = decision
  if (person.kind === 'known') return person.userId
  if (person.kind === 'linked') return person.membership.userId
  const at = services.now()
  const id = newId(services, 'usr')
  await transaction.createUser({ id, status: 'active', createdAt: at, updatedAt: at })
  return id
}

async function findOrLinkIdentity(work: Work, userId: UserId): Promise<Identity['id']> {
  const { connection, identity, known, services, transaction, decision } = work
  const at = services.now()
  const seen = {
    connectionId: connection.id,
    ...(identity.sub === undefined ? {} : { sub: identity.sub }),
    lastClaims: claimsOfUse(identity),
    lastSignInAt: at,
  }
  if (known !== undefined) {
    await transaction.refreshIdentity(known.identity.id, seen)
    return known.identity.id
  }
  const id = newId(services, 'idn')
  await transaction.linkIdentity({ id, userId, key: identity.key, createdAt: at, ...seen })
  const reason = decision.person.kind === 'linked' ? decision.person.reason : 'first_sign_in'
  await auditOf(work, userId, {
    type: 'identity.linked',
    detail: { ...shownKey(identity.key), reason },
  })
  return id
}

async function findOrCreateMembership(work: Work, userId: UserId): Promise<Membership> {
  const { connection, identity, services, transaction, decision } = work
  const { person } = decision
  const profile = profileFrom(identity)
  const at = services.now()
  if (person.kind !== 'new' && person.membership !== undefined) {
    await transaction.refreshMembership(person.membership.id, { profile, lastSignInAt: at })
    const members = changedMembers(person.membership.profile, profile)
    if (members.length > 0) {
      await auditOf(work, userId, { type: 'membership.profile_changed', detail: { members } })
    }
    return { ...person.membership, profile, lastSignInAt: at }
  }
  const membership = await createMembership(services, transaction, {
    wanted: usernameFor(identity),
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
  if (work.decision.person.kind === 'new') {
    const detail = { ...shownKey(work.identity.key), username, how: 'first_sign_in' } as const
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

function snapshotOf({ decision, identity, known, services, connection }: Work): GroupSnapshot {
  const { groups } = decision
  const { appRoles } = identity
  const lastKnown = snapshotFrom(known?.groups, connection)
  const snapshot = groupSnapshot(groups, { appRoles, lastKnown, now: services.now() })
  return { ...snapshot, connectionId: connection.id }
}

function claimsOfUse(identity: VerifiedIdentity): Identity['lastClaims'] {
  const { displayName, preferredUsername, userPrincipalName, email, guest } = identity
  return { displayName, preferredUsername, userPrincipalName, email, guest }
}

async function auditOf(work: Work, userId: UserId, event: AuditEvent): Promise<void> {
  const { services, exchange, connection, transaction } = work
  const { id: connectionId, organizationId } = connection
  const caller = { actor: { kind: 'user', id: userId }, exchange } as const
  await audit(services, transaction, { caller, event, userId, connectionId, organizationId })
}
