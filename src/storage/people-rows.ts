/** Converts users, identities, memberships and groups to rows and back. */
import {
  foldCase,
  joinedPart,
  optionalDate,
  optionalMillis,
  parseJson,
  present,
  tablePart,
} from './columns.ts'
import {
  type ColumnsOf,
  conversions,
  flag,
  json,
  type RowOf,
  same,
  time,
} from './record-columns.ts'
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

export const identityPart = tablePart('identities', [
  'id',
  'user_id',
  'space',
  'directory',
  'subject',
  'connection_id',
  'sub',
  'last_claims',
  'created_at',
  'last_sign_in_at',
])

const userColumns = {
  id: same('id'),
  status: same('status'),
  createdAt: time('created_at'),
  updatedAt: time('updated_at'),
} satisfies ColumnsOf<User>
const users = conversions<User, typeof userColumns>(userColumns)

export type UserRow = RowOf<User, typeof userColumns>
export const userPart = joinedPart('users', users)
export const { parse: parseUser, toRow: toUserRow } = users

/** Converts a row to an identity. */
export function parseIdentity(row: Omit<Row<'identities'>, 'cloud' | 'tid' | 'oid'>): Identity {
  return present({
    id: row.id,
    userId: row.user_id,
    key: personKeyIn(row),
    connectionId: row.connection_id,
    sub: row.sub,
    lastClaims: parseJson<Identity['lastClaims']>(row.last_claims),
    createdAt: new Date(row.created_at),
    lastSignInAt: optionalDate(row.last_sign_in_at),
  })
}

/** Returns the key of a person from the columns of their identity. */
export function personKeyIn({ space, directory, subject }: PersonKey): PersonKey {
  return { space, directory, subject }
}

/** Returns the columns of the key, and once more under the names by which the previous release finds it. */
function toPersonKeyColumns({ space, directory, subject }: PersonKey) {
  const cloud = space.replace(/^entra:/, '')
  return { space, directory, subject, cloud, tid: directory, oid: subject }
}

/** Converts an identity to its row. */
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

const membershipColumns = {
  id: same('id'),
  userId: same('user_id'),
  organizationId: same('organization_id'),
  username: same('username'),
  profile: json('profile'),
  status: same('status'),
  createdAt: time('created_at'),
  lastSignInAt: time('last_sign_in_at'),
} satisfies ColumnsOf<Membership>
const memberships = conversions<Membership, typeof membershipColumns>(membershipColumns)

/** `username_key`, `email_key` and `search_text` are derived: lower-case copies for look-ups. */
export type MembershipRow = RowOf<Membership, typeof membershipColumns> & {
  username_key: string
  email_key: string | null
  search_text: string
}
export const membershipPart = joinedPart('memberships', memberships)
export const parseMembership = memberships.parse

/** Converts a membership to its row, with the copies for look-ups and searches. */
export function toMembershipRow(membership: Membership): MembershipRow {
  const { username, profile } = membership
  return {
    ...memberships.toRow(membership),
    username_key: foldCase(username),
    ...toProfileColumns(profile, username),
  }
}

/** Returns the columns of a profile: the profile, and its text for searches. */
export function toProfileColumns(profile: Profile, username: string) {
  const searched = [username, profile.displayName ?? '', profile.email?.address ?? '']
  return {
    profile: JSON.stringify(profile),
    email_key: profile.email === undefined ? null : foldCase(profile.email.address),
    search_text: foldCase(searched.join('\n')),
  }
}

const groupColumns = {
  takenAt: time('taken_at'),
  groups: json('groups'),
  appRoles: json('app_roles'),
  complete: flag('complete'),
  source: same('source'),
  names: json('names'),
  connectionId: same('connection_id'),
} satisfies ColumnsOf<GroupSnapshot>
const groupSnapshots = conversions<GroupSnapshot, typeof groupColumns>(groupColumns)

export type GroupSnapshotRow = RowOf<GroupSnapshot, typeof groupColumns> & {
  membership_id: MembershipId
}
export const groupPart = joinedPart('group_snapshots', groupSnapshots)
export const parseGroupSnapshot = groupSnapshots.parse

/** Converts the groups of a membership to their row. */
export function toGroupSnapshotRow(id: MembershipId, groups: GroupSnapshot): GroupSnapshotRow {
  return { ...groupSnapshots.toRow(groups), membership_id: id }
}
