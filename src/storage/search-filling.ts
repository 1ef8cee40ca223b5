/** Fills the search keys of rows that were there before, or that the previous release writes while both run. */
import { connectionSearchKey, organizationSearchKey, parseConnection } from './organization-rows.ts'
import { readPage } from './pages.ts'
import { parseMembership, toProfileColumns } from './people-rows.ts'
import type { Database } from './schema.ts'

/** What a storage does for searches, besides its transactions. */
export type SearchWork = {
  /** Adds to records that are not yet searched well what a search needs. Returns how many they were, at most `limit` of a kind. */
  fillSearchKeys(limit: number): Promise<number>
}

/** Fills at most this many keys in each table, and returns how many were filled. */
export async function fillSearchKeys(database: Database, limit: number): Promise<number> {
  const filled = [
    await fillMemberships(database, limit),
    await fillOrganizations(database, limit),
    await fillConnections(database, limit),
  ]
  return filled.reduce((sum, count) => sum + count, 0)
}

/** A row that another transaction changes meanwhile keeps no key of its former text, and is filled by a later call. */
async function fillMemberships(database: Database, limit: number): Promise<number> {
  const unfilled = database.selectFrom('memberships').selectAll().where('search_key', 'is', null)
  const { items: rows } = await readPage(
    unfilled,
    { limit },
    { by: 'created_at', item: (row) => row },
  )
  for (const row of rows) {
    const { username, profile } = parseMembership(row)
    await database
      .updateTable('memberships')
      .set({ search_key: toProfileColumns(profile, username).search_key })
      .where('id', '=', row.id)
      .where('search_text', '=', row.search_text)
      .where('search_key', 'is', null)
      .execute()
  }
  return rows.length
}

async function fillOrganizations(database: Database, limit: number): Promise<number> {
  const unfilled = database.selectFrom('organizations').selectAll().where('search_key', 'is', null)
  const { items: rows } = await readPage(
    unfilled,
    { limit },
    { by: 'created_at', item: (row) => row },
  )
  for (const row of rows) {
    await database
      .updateTable('organizations')
      .set({ search_key: organizationSearchKey(row) })
      .where('id', '=', row.id)
      .where('name', '=', row.name)
      .where('search_key', 'is', null)
      .execute()
  }
  return rows.length
}

async function fillConnections(database: Database, limit: number): Promise<number> {
  const unfilled = database.selectFrom('connections').selectAll().where('search_key', 'is', null)
  const { items: rows } = await readPage(
    unfilled,
    { limit },
    { by: 'created_at', item: (row) => row },
  )
  for (const row of rows) {
    await database
      .updateTable('connections')
      .set({ search_key: connectionSearchKey(parseConnection(row)) })
      .where('id', '=', row.id)
      .where('name', '=', row.name)
      .where('tenants', '=', row.tenants)
      .where('client_id', '=', row.client_id)
      .where('search_key', 'is', null)
      .execute()
  }
  return rows.length
}
