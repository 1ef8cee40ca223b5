/** Verbs about set-up links and what test sign-ins found. */
import { optionalMillis, parseJson } from './columns.ts'
import type { SetupLink, TestResultRecord } from './records.ts'
import type { Database, Row } from './schema.ts'
import type { StorageReader, StorageTransaction } from './storage.ts'

export function setupReads(
  database: Database,
): Pick<
  StorageReader,
  'findSetupLink' | 'findSetupLinkByTokenHash' | 'listSetupLinks' | 'findTestResult'
> {
  const links = () => database.selectFrom('setup_links').selectAll()
  return {
    async findSetupLink(id) {
      const row = await links().where('id', '=', id).executeTakeFirst()
      return row && parseSetupLink(row)
    },
    async findSetupLinkByTokenHash(tokenHash) {
      const row = await links().where('token_hash', '=', tokenHash).executeTakeFirst()
      return row && parseSetupLink(row)
    },
    async listSetupLinks(connectionId, limit) {
      const ofConnection = links().where('connection_id', '=', connectionId)
      const newestFirst = ofConnection.orderBy('created_at', 'desc').orderBy('id', 'desc')
      return (await newestFirst.limit(limit).execute()).map(parseSetupLink)
    },
    async findTestResult(id, now) {
      const query = database.selectFrom('test_results').selectAll().where('id', '=', id)
      const row = await query.where('ends_at', '>', now.getTime()).executeTakeFirst()
      return row && parseTestResult(row)
    },
  }
}

export function setupWrites(
  database: Database,
): Pick<StorageTransaction, 'putSetupLink' | 'createTestResult'> {
  return {
    async putSetupLink(link) {
      const { id, ...rest } = toSetupLinkRow(link)
      const insert = database.insertInto('setup_links').values({ id, ...rest })
      await insert.onConflict((conflict) => conflict.column('id').doUpdateSet(rest)).execute()
    },
    async createTestResult({ connectionId, endsAt, ...rest }) {
      const row = { ...rest, connection_id: connectionId, ends_at: endsAt.getTime() }
      await database.insertInto('test_results').values(row).execute()
    },
  }
}

function parseSetupLink(row: Row<'setup_links'>): SetupLink {
  const { closed_at: closedAt, closed_as: closedAs } = row
  return {
    id: row.id,
    connectionId: row.connection_id,
    kind: row.kind,
    tokenHash: row.token_hash,
    ...(row.session_hash === null ? {} : { sessionHash: row.session_hash }),
    progress: parseJson<SetupLink['progress']>(row.progress),
    createdAt: new Date(row.created_at),
    ...(row.opened_at === null ? {} : { openedAt: new Date(row.opened_at) }),
    endsAt: new Date(row.ends_at),
    ...(closedAt === null || closedAs === null
      ? {}
      : { closed: { at: new Date(closedAt), as: closedAs } }),
  }
}

function toSetupLinkRow(link: SetupLink): Row<'setup_links'> {
  return {
    id: link.id,
    connection_id: link.connectionId,
    kind: link.kind,
    token_hash: link.tokenHash,
    session_hash: link.sessionHash ?? null,
    progress: JSON.stringify(link.progress),
    created_at: link.createdAt.getTime(),
    opened_at: optionalMillis(link.openedAt),
    ends_at: link.endsAt.getTime(),
    closed_at: optionalMillis(link.closed?.at),
    closed_as: link.closed?.as ?? null,
  }
}

function parseTestResult(row: Row<'test_results'>): TestResultRecord {
  return {
    id: row.id,
    connectionId: row.connection_id,
    holder: row.holder,
    sealed: row.sealed,
    endsAt: new Date(row.ends_at),
  }
}
