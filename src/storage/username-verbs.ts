/** Reads and writes usernames that are taken: by members, and by removed ones. */
import { foldCase } from './columns.ts'
import type { Database } from './schema.ts'
import type { UsernameReader, UsernameWriter } from './username-storage.ts'

/** Creates the functions that read taken usernames and sealed keys. */
export function usernameReads(database: Database): UsernameReader {
  return {
    async findTakenUsernames(organizationId, usernames) {
      if (usernames.length === 0) return new Set()
      const rows = await database
        .selectFrom('memberships')
        .select('username_key')
        .where('organization_id', '=', organizationId)
        .where('username_key', 'in', usernames.map(foldCase))
        .execute()
      return new Set(rows.map((row) => row.username_key))
    },
    async findRetiredUsernames(organizationId, hashes) {
      if (hashes.length === 0) return new Set()
      const rows = await database
        .selectFrom('retired_usernames')
        .select('username_hash')
        .where('organization_id', '=', organizationId)
        .where('username_hash', 'in', hashes)
        .execute()
      return new Set(rows.map((row) => row.username_hash))
    },
    async findSealedKey(name) {
      const query = database.selectFrom('sealed_keys').select('sealed').where('name', '=', name)
      return (await query.executeTakeFirst())?.sealed
    },
  }
}

/** Creates the functions that write retired usernames and sealed keys. */
export function usernameWrites(database: Database): UsernameWriter {
  return {
    async releaseUsername(organizationId, hash) {
      const { numDeletedRows } = await database
        .deleteFrom('retired_usernames')
        .where('organization_id', '=', organizationId)
        .where('username_hash', '=', hash)
        .executeTakeFirstOrThrow()
      return numDeletedRows > 0n
    },
    async createSealedKey(name, sealed) {
      const insert = database.insertInto('sealed_keys').values({ name, sealed })
      await insert.onConflict((conflict) => conflict.column('name').doNothing()).execute()
    },
    async removeSealedKey(name) {
      await database.deleteFrom('sealed_keys').where('name', '=', name).execute()
    },
    async resealKey(name, from, to) {
      const update = database.updateTable('sealed_keys').set({ sealed: to })
      await update.where('name', '=', name).where('sealed', '=', from).execute()
    },
  }
}
