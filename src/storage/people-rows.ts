/** Converts users, identities, memberships and groups to rows and back. */
import { foldCase, joinedPart } from './columns.ts'
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
import { toSearchKey } from './search-text.ts'

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

/** An identity whose key is not yet a member of its own. */
type FlatIdentity = Omit<Identity, 'key'> & PersonKey
const identityColumns = {
  id: same('id'),
  userId: same('user_id'),
  space: same('space'),
  directory: same('directory'),
  subject: same('subject'),
  connectionId: same('connection_id'),
  sub: same('sub'),
  lastClaims: json('last_claims'),
  createdAt: time('created_at'),
  lastSignInAt: time('last_sign_in_at'),
} satisfies ColumnsOf<FlatIdentity>
const identities = conversions<FlatIdentity, typeof identityColumns>(identityColumns)

type IdentityColumns = RowOf<FlatIdentity, typeof identityColumns>
/** `cloud`, `tid` and `oid` are the key once more, under the names by which the previous release finds it. */
export type IdentityRow = IdentityColumns & { cloud: string; tid: string; oid: string }
export const identityPart = joinedPart('identities', {
  names: identities.names,
  parserOf(prefix) {
    const parse = identities.parserOf(prefix)
    return (row) => withKey(parse(row))
  },
})

/** Converts a row to an identity. */
export function parseIdentity(row: IdentityColumns): Identity {
  return withKey(identities.parse(row))
}

function withKey({ space, directory, subject, ...rest }: FlatIdentity): Identity {
  return { ...rest, key: { space, directory, subject } }
}

/** Returns the key of a person from the columns of their identity. */
export function personKeyIn({ space, directory, subject }: PersonKey): PersonKey {
  return { space, directory, subject }
}

/** Converts an identity to its row. */
export function toIdentityRow({ key, ...rest }: Identity): IdentityRow {
  const { space, directory: tid, subject: oid } = key
  const former = { cloud: space.replace(/^entra:/, ''), tid, oid }
  return { ...identities.toRow({ ...rest, ...key }), ...former }
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

/**
 * The other columns are derived: lower-case copies for look-ups, and the text for searches. The previous release searches in
 * `search_text`, and leaves `search_key` empty.
 */
export type MembershipRow = RowOf<Membership, typeof membershipColumns> & {
  username_key: string
  email_key: string | null
  search_text: string
  search_key: string | null
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
    search_key: toSearchKey(searched),
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
