/** Writes the changes of a sign-in or an operator to users, identities and memberships. */
import { EntradaError } from '../errors/errors.ts'
import { toGroupSnapshotRow, toIdentityRow, toMembershipRow, toUserRow } from './people-rows.ts'
import type { Membership } from './records.ts'
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
  } satisfies Partial<StorageTransaction>
}

/** Creates the functions that write memberships, roles and groups. */
export function membershipWrites(database: Database) {
  return {
    createMembership: (membership) => createMembership(database, membership),
    async setMembershipStatus(id, status) {
      await database.updateTable('memberships').set({ status }).where('id', '=', id).execute()
    },
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
