/** Reads and writes API keys, and answers that are stored for repeated calls. */

import type { ApiKey } from './api-key-records.ts'
import type { ApiKeyReader, ApiKeyWriter } from './api-key-storage.ts'
import { readPage } from './pages.ts'
import { type ColumnsOf, conversions, json, type RowOf, same, time } from './record-columns.ts'
import type { ApiKeyId } from './records.ts'
import type { Database } from './schema.ts'

/** Creates the functions that read API keys and stored answers. */
export function apiKeyReads(
  database: Database,
): Pick<ApiKeyReader, 'findApiKey' | 'findApiKeyByTokenHash' | 'listApiKeys' | 'findKeptAnswer'> {
  const keys = () => database.selectFrom('api_keys').selectAll()
  return {
    async findApiKey(id) {
      const row = await keys().where('id', '=', id).executeTakeFirst()
      return row && apiKeys.parse(row)
    },
    async findApiKeyByTokenHash(tokenHash) {
      const row = await keys().where('token_hash', '=', tokenHash).executeTakeFirst()
      return row && apiKeys.parse(row)
    },
    async listApiKeys({ organizationId }, page) {
      let query = keys()
      if (organizationId !== undefined) query = query.where('organization_id', '=', organizationId)
      return readPage(query, page, { by: 'created_at', item: apiKeys.parse })
    },
    async findKeptAnswer(key, now) {
      const query = database.selectFrom('kept_answers').selectAll().where('key', '=', key)
      const row = await query.where('until', '>', now.getTime()).executeTakeFirst()
      return (
        row && { requestHash: row.request_hash, answer: row.answer, until: new Date(row.until) }
      )
    },
  }
}

/** Creates the functions that write API keys and stored answers. */
export function apiKeyWrites(
  database: Database,
): Pick<ApiKeyWriter, 'createApiKey' | 'revokeApiKey' | 'keepAnswer'> {
  return {
    async createApiKey(key) {
      await database.insertInto('api_keys').values(apiKeys.toRow(key)).execute()
    },
    async revokeApiKey(id, at) {
      const { numUpdatedRows } = await database
        .updateTable('api_keys')
        .set({ revoked_at: at.getTime() })
        .where('id', '=', id)
        .where('revoked_at', 'is', null)
        .executeTakeFirstOrThrow()
      return numUpdatedRows === 1n
    },
    async keepAnswer(key, { requestHash, answer, until }) {
      const rest = { request_hash: requestHash, answer, until: until.getTime() }
      const insert = database.insertInto('kept_answers').values({ key, ...rest })
      await insert.onConflict((conflict) => conflict.column('key').doUpdateSet(rest)).execute()
    },
  }
}

/** Stores the time of the last use, outside of transactions, because losing it does no harm. */
export async function touchApiKey(database: Database, id: ApiKeyId, usedAt: Date): Promise<void> {
  const update = database.updateTable('api_keys').set({ last_used_at: usedAt.getTime() })
  await update.where('id', '=', id).execute()
}

const columns = {
  id: same('id'),
  name: same('name'),
  tokenHash: same('token_hash'),
  hint: same('hint'),
  scopes: json('scopes'),
  organizationId: same('organization_id'),
  createdAt: time('created_at'),
  endsAt: time('ends_at'),
  lastUsedAt: time('last_used_at'),
  revokedAt: time('revoked_at'),
} satisfies ColumnsOf<ApiKey>

export type ApiKeyRow = RowOf<ApiKey, typeof columns>
const apiKeys = conversions<ApiKey, typeof columns>(columns)
