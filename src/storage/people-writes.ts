/** Writes the changes of a sign-in or an operator to users, identities and memberships. */
import { EntradaError } from '../errors/errors.ts'
import { optionalMillis } from './columns.ts'
import { listRoles } from './people-reads.ts'
import {
  toGroupSnapshotRow,
  toIdentityRow,
  toMembershipRow,
  toProfileColumns,
  toUserRow,
} from './people-rows.ts'
import type { Membership, MembershipId, RoleAssignment } from './records.ts'
import type { Database } from './schema.ts'
import type { StorageTransaction } from './storage.ts'

/** Creates the functions that write users and identities. */
export function userWrites(database: Database) {
  return {
    async createUser(user) {
      await database.insertInto('users').values(toUserRow(user)).execute()
    },
    async setUserStatus(id, status, at) {
      const update = database.updateTable('users').set({ status, updated_at: at.getTime() })
      await update.where('id', '=', id).execute()
    },
    async linkIdentity(identity) {
      const { numInsertedOrUpdatedRows } = await database
        .insertInto('identities')
        .values(toIdentityRow(identity))
        .onConflict((conflict) => conflict.doNothing())
        .executeTakeFirstOrThrow()
      if (numInsertedOrUpdatedRows === 0n) throw new EntradaError('identity_in_use')
    },
    async refreshIdentity(id, seen) {
      const columns = {
        connection_id: seen.connectionId ?? null,
        sub: seen.sub ?? null,
        last_claims: JSON.stringify(seen.lastClaims),
        last_sign_in_at: optionalMillis(seen.lastSignInAt),
      }
      await database.updateTable('identities').set(columns).where('id', '=', id).execute()
    },
  } satisfies Partial<StorageTransaction>
}

/** Creates the functions that write memberships, roles and groups. */
export function membershipWrites(database: Database) {
  return {
    createMembership: (membership) => createMembership(database, membership),
    refreshMembership: (id, seen) => refreshMembership(database, id, seen),
    async setMembershipStatus(id, status) {
      await database.updateTable('memberships').set({ status }).where('id', '=', id).execute()
    },
    replaceRuleRoles: (id, assignments) => replaceRuleRoles(database, id, assignments),
    async giveRole(id, role) {
      const row = { membership_id: id, role, source: 'manual' } as const
      const { numInsertedOrUpdatedRows } = await database
        .insertInto('role_assignments')
        .values(row)
        .onConflict((conflict) => conflict.doNothing())
        .executeTakeFirstOrThrow()
      return numInsertedOrUpdatedRows === 1n
    },
    async takeRole(id, role) {
      const byHand = database.deleteFrom('role_assignments').where('source', '=', 'manual')
      const ofMembership = byHand.where('membership_id', '=', id).where('role', '=', role)
      const { numDeletedRows } = await ofMembership.executeTakeFirstOrThrow()
      return numDeletedRows > 0n
    },
    async putGroupSnapshot(id, snapshot) {
      const { membership_id, ...rest } = toGroupSnapshotRow(id, snapshot)
      const insert = database.insertInto('group_snapshots').values({ membership_id, ...rest })
      const replace = insert.onConflict((conflict) =>
        conflict.column('membership_id').doUpdateSet(rest),
      )
      await replace.execute()
    },
  } satisfies Partial<StorageTransaction>
}

async function createMembership(database: Database, membership: Membership): Promise<boolean> {
  const { numInsertedOrUpdatedRows } = await database
    .insertInto('memberships')
    .values(toMembershipRow(membership))
    .onConflict((conflict) => conflict.columns(['organization_id', 'username_key']).doNothing())
    .executeTakeFirstOrThrow()
  return numInsertedOrUpdatedRows === 1n
}

async function refreshMembership(
  database: Database,
  id: MembershipId,
  seen: Pick<Membership, 'profile' | 'lastSignInAt'>,
): Promise<void> {
  const query = database.selectFrom('memberships').select('username').where('id', '=', id)
  const row = await query.executeTakeFirst()
  if (row === undefined) return

  const columns = {
    ...toProfileColumns(seen.profile, row.username),
    last_sign_in_at: optionalMillis(seen.lastSignInAt),
  }
  await database.updateTable('memberships').set(columns).where('id', '=', id).execute()
}

/** Writes nothing if nothing differs, as in most sign-ins, because an unchanged row blocks no other writer. */
async function replaceRuleRoles(
  database: Database,
  id: MembershipId,
  assignments: readonly RoleAssignment[],
): Promise<readonly RoleAssignment[]> {
  const heldRoles = await listRoles(database, id)
  if (isSameRoles(ofRules(heldRoles), ofRules(assignments))) return heldRoles

  const ofMembership = database.deleteFrom('role_assignments').where('membership_id', '=', id)
  await ofMembership.where('source', '<>', 'manual').execute()
  if (assignments.length > 0) {
    const rows = assignments.map(({ role, source }) => ({ membership_id: id, role, source }))
    const insert = database.insertInto('role_assignments').values(rows)
    await insert.onConflict((conflict) => conflict.doNothing()).execute()
  }

  return listRoles(database, id)
}

function ofRules(assignments: readonly RoleAssignment[]): readonly RoleAssignment[] {
  return assignments.filter(({ source }) => source !== 'manual')
}

function isSameRoles(a: readonly RoleAssignment[], b: readonly RoleAssignment[]): boolean {
  const left = new Set(a.map(spelled))
  const right = new Set(b.map(spelled))
  return left.size === right.size && [...left].every((assignment) => right.has(assignment))
}

function spelled({ role, source }: RoleAssignment): string {
  return `${source} ${role}`
}
