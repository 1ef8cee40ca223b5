/** Reads and writes set-up links and results of test sign-ins. */
import { optionalMillis } from './columns.ts'
import { type ColumnsOf, conversions, json, type RowOf, same, time } from './record-columns.ts'
import type { SetupLink, TestResultRecord } from './records.ts'
import type { Database } from './schema.ts'
import type { StorageReader, StorageTransaction } from './storage.ts'

/** Creates the functions that read set-up links and results of tests. */
export function setupReads(database: Database) {
  const allLinks = () => database.selectFrom('setup_links').selectAll()
  return {
    async findSetupLink(id) {
      const row = await allLinks().where('id', '=', id).executeTakeFirst()
      return row && parseSetupLink(row)
    },
    async findSetupLinkByTokenHash(tokenHash) {
      const row = await allLinks().where('token_hash', '=', tokenHash).executeTakeFirst()
      return row && parseSetupLink(row)
    },
    async listSetupLinks(connectionId, limit) {
      const ofConnection = allLinks().where('connection_id', '=', connectionId)
      const newestFirst = ofConnection.orderBy('created_at', 'desc').orderBy('id', 'desc')
      return (await newestFirst.limit(limit).execute()).map(parseSetupLink)
    },
    async findTestResult(id, now) {
      const query = database.selectFrom('test_results').selectAll().where('id', '=', id)
      const row = await query.where('ends_at', '>', now.getTime()).executeTakeFirst()
      return row && results.parse(row)
    },
  } satisfies Partial<StorageReader>
}

/** Creates the functions that write set-up links and results of tests. */
export function setupWrites(database: Database) {
  return {
    async putSetupLink(link) {
      const { id, ...rest } = toSetupLinkRow(link)
      const insert = database.insertInto('setup_links').values({ id, ...rest })
      await insert.onConflict((conflict) => conflict.column('id').doUpdateSet(rest)).execute()
    },
    async createTestResult(result) {
      await database.insertInto('test_results').values(results.toRow(result)).execute()
    },
  } satisfies Partial<StorageTransaction>
}

/** All members but the end of the link, which takes two columns. */
type LinkMembers = Omit<SetupLink, 'closed'>
const linkColumns = {
  id: same('id'),
  connectionId: same('connection_id'),
  kind: same('kind'),
  tokenHash: same('token_hash'),
  sessionHash: same('session_hash'),
  progress: json('progress'),
  createdAt: time('created_at'),
  openedAt: time('opened_at'),
  endsAt: time('ends_at'),
} satisfies ColumnsOf<LinkMembers>
const links = conversions<LinkMembers, typeof linkColumns>(linkColumns)

export type SetupLinkRow = RowOf<LinkMembers, typeof linkColumns> & {
  closed_at: number | null
  closed_as: NonNullable<SetupLink['closed']>['as'] | null
}

function parseSetupLink(row: SetupLinkRow): SetupLink {
  const { closed_at: at, closed_as: as } = row
  const closed = at === null || as === null ? {} : { closed: { at: new Date(at), as } }
  return { ...links.parse(row), ...closed }
}

function toSetupLinkRow(link: SetupLink): SetupLinkRow {
  const { at, as } = link.closed ?? {}
  return { ...links.toRow(link), closed_at: optionalMillis(at), closed_as: as ?? null }
}

const resultColumns = {
  id: same('id'),
  connectionId: same('connection_id'),
  holder: same('holder'),
  sealed: same('sealed'),
  endsAt: time('ends_at'),
} satisfies ColumnsOf<TestResultRecord>
const results = conversions<TestResultRecord, typeof resultColumns>(resultColumns)

export type TestResultRow = RowOf<TestResultRecord, typeof resultColumns>
