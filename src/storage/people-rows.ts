/** Users, identities, memberships and groups: row to record and back. */
import { foldCase, optionalDate, optionalMillis, parseJson, present, tablePart } from './columns.ts'
import type {
  GroupSnapshot,
  Identity,
  Membership,
  MembershipId,
  PersonKey,
  Profile,
  User,
} from './records.ts'
import type { Row } from './schema.ts'

export const userPart = tablePart('users', ['id', 'status', 'created_at', 'updated_at'])

export const identityPart = tablePart('identities', [
  'id',
  'user_id',
  'cloud',
  'tid',
  'oid',
  'connection_id',
  'sub',
  'last_claims',
  'created_at',
  'last_sign_in_at',
])

export const membershipPart = tablePart('memberships', [
  'id',
  'user_id',
  'organization_id',
  'username',
  'profile',
  'status',
  'created_at',
  'last_sign_in_at',
])

export const groupPart = tablePart('group_snapshots', [
  'membership_id',
  'groups',
  'app_roles',
  'complete',
  'taken_at',
  'source',
  'names',
  'connection_id',
])

export function parseUser(row: Row<'users'>): User {
  return {
    id: row.id,
    status: row.status,
    createdAt: new Date(row.created_at),
    updatedAt: new Date(row.updated_at),
  }
}

export function toUserRow(user: User): Row<'users'> {
  return {
    id: user.id,
    status: user.status,
    created_at: user.createdAt.getTime(),
    updated_at: user.updatedAt.getTime(),
  }
}

export function parseIdentity(row: Row<'identities'>): Identity {
  return present({
    id: row.id,
    userId: row.user_id,
    key: parsePersonKey(row),
    connectionId: row.connection_id,
    sub: row.sub,
    lastClaims: parseJson<Identity['lastClaims']>(row.last_claims),
    createdAt: new Date(row.created_at),
    lastSignInAt: optionalDate(row.last_sign_in_at),
  })
}

type KeyColumns = Pick<Row<'identities'>, 'cloud' | 'tid' | 'oid'>

/** Reads the key of a person from the columns of an identity. */
export function parsePersonKey({ cloud, tid, oid }: KeyColumns): PersonKey {
  return { space: `entra:${cloud}`, directory: tid, subject: oid }
}

/** Returns the columns in which the key of a person is stored and looked up. */
export function toPersonKeyColumns({ space, directory, subject }: PersonKey): KeyColumns {
  return { cloud: space.replace(/^entra:/, ''), tid: directory, oid: subject }
}

export function toIdentityRow(identity: Identity): Row<'identities'> {
  return {
    id: identity.id,
    user_id: identity.userId,
    ...toPersonKeyColumns(identity.key),
    connection_id: identity.connectionId ?? null,
    sub: identity.sub ?? null,
    last_claims: JSON.stringify(identity.lastClaims),
    created_at: identity.createdAt.getTime(),
    last_sign_in_at: optionalMillis(identity.lastSignInAt),
  }
}

export function parseMembership(
  row: Pick<Row<'memberships'>, (typeof membershipPart.columns)[number]>,
): Membership {
  return present({
    id: row.id,
    userId: row.user_id,
    organizationId: row.organization_id,
    username: row.username,
    profile: parseJson<Profile>(row.profile),
    status: row.status,
    createdAt: new Date(row.created_at),
    lastSignInAt: optionalDate(row.last_sign_in_at),
  })
}

export function toMembershipRow(membership: Membership): Row<'memberships'> {
  return {
    id: membership.id,
    user_id: membership.userId,
    organization_id: membership.organizationId,
    username: membership.username,
    username_key: foldCase(membership.username),
    ...toProfileColumns(membership.profile, membership.username),
    status: membership.status,
    created_at: membership.createdAt.getTime(),
    last_sign_in_at: optionalMillis(membership.lastSignInAt),
  }
}

/** The profile, and what of it can be searched. */
export function toProfileColumns(profile: Profile, username: string) {
  const searched = [username, profile.displayName ?? '', profile.email?.address ?? '']
  return {
    profile: JSON.stringify(profile),
    email_key: profile.email === undefined ? null : foldCase(profile.email.address),
    search_text: foldCase(searched.join('\n')),
  }
}

export function parseGroupSnapshot(row: Row<'group_snapshots'>): GroupSnapshot {
  return present({
    groups: parseJson<readonly string[]>(row.groups),
    appRoles: parseJson<readonly string[]>(row.app_roles),
    complete: row.complete === 1,
    takenAt: new Date(row.taken_at),
    source: row.source,
    names: row.names === null ? undefined : parseJson<Record<string, string>>(row.names),
    connectionId: row.connection_id,
  })
}

export function toGroupSnapshotRow(
  id: MembershipId,
  groups: GroupSnapshot,
): Row<'group_snapshots'> {
  return {
    membership_id: id,
    groups: JSON.stringify(groups.groups),
    app_roles: JSON.stringify(groups.appRoles),
    complete: groups.complete ? 1 : 0,
    taken_at: groups.takenAt.getTime(),
    source: groups.source,
    names: groups.names === undefined ? null : JSON.stringify(groups.names),
    connection_id: groups.connectionId ?? null,
  }
}
