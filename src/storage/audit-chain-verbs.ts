/** Reads and writes the chain over audit events. */
import { type ExpressionBuilder, sql } from 'kysely'
import { erasureOf, erasureVerbs } from './erasure-verbs.ts'
import { type ColumnsOf, conversions, type RowOf, same, time } from './record-columns.ts'
import type { AuditChainHead, ChainedAuditEvent, StoredVerification } from './records.ts'
import type { Database, Row, Tables } from './schema.ts'
import type { AuditChain, StorageReader } from './storage.ts'
import { toStoredAuditEvent } from './trail-rows.ts'
import { trailWrites } from './trail-verbs.ts'

/** Creates the functions that read the audit chain. */
export function auditChainReads(database: Database) {
  return {
    async hasUnlinkedEvents() {
      const query = database.selectFrom('audit_unlinked').select('position').limit(1)
      return (await query.executeTakeFirst()) !== undefined
    },
    findAuditChainHead: () => findHead(database),
    listAuditLinks: (after, limit) => listLinks(database, after, limit),
    async findAuditVerification() {
      const query = database.selectFrom('audit_verification').select(['state', 'signature'])
      const row = await query.executeTakeFirst()
      return row && { ...row }
    },
    async listAuditEventPlaces(after, limit) {
      const rows = await database
        .selectFrom('audit_events')
        .leftJoin('audit_links', 'audit_links.event_id', 'audit_events.id')
        .leftJoin('audit_unlinked', 'audit_unlinked.event_id', 'audit_events.id')
        .select(['audit_events.id', 'audit_links.sequence', 'audit_unlinked.position'])
        .where('audit_events.id', '>', after as Row<'audit_events'>['id']) // '' or an id
        .orderBy('audit_events.id')
        .limit(limit)
        .execute()
      return rows.map(({ id, sequence, position }) => ({ id, place: placeOf(sequence, position) }))
    },
    async listVanishedEvents(limit) {
      const rows = await database
        .selectFrom('audit_unlinked')
        .select('event_id')
        .where((where) => where.not(where.exists(eventOfUnlinked(where))))
        .orderBy('position')
        .limit(limit)
        .execute()
      return rows.map((row) => row.event_id)
    },
  } satisfies Partial<StorageReader>
}

/** Stores the state of the background verification in a single statement. */
export async function putAuditVerification(
  database: Database,
  { state, signature }: StoredVerification,
): Promise<void> {
  const insert = database.insertInto('audit_verification').values({ id: 1, state, signature })
  await insert
    .onConflict((conflict) => conflict.column('id').doUpdateSet({ state, signature }))
    .execute()
}

/**
 * Takes the lock of the audit chain, or returns `undefined` if another caller has it. Two callers in one process also take turns,
 * each in a transaction of its own.
 */
export async function borrowAuditChain(
  transaction: Database,
  lock: 'row' | 'database',
): Promise<AuditChain | undefined> {
  if (lock === 'database') return createAuditChain(transaction, await findHead(transaction))
  const locked = await transaction
    .selectFrom('audit_chain')
    .selectAll()
    .forUpdate()
    .skipLocked()
    .executeTakeFirst()
  if (locked !== undefined) return createAuditChain(transaction, heads.parse(locked))
  const isHeldByAnother = (await findHead(transaction)) !== undefined
  return isHeldByAnother ? undefined : createAuditChain(transaction, undefined)
}

function createAuditChain(database: Database, head: AuditChainHead | undefined): AuditChain {
  return {
    head,
    ...erasureVerbs(database),
    append: trailWrites(database).appendAuditEvent,
    async putHead(next) {
      const row = heads.toRow(next)
      const insert = database.insertInto('audit_chain').values({ id: 1, ...row })
      await insert.onConflict((conflict) => conflict.column('id').doUpdateSet(row)).execute()
    },
    async listUnlinked(limit) {
      const rows = await database
        .selectFrom('audit_unlinked')
        .innerJoin('audit_events', 'audit_events.id', 'audit_unlinked.event_id')
        .selectAll('audit_events')
        .orderBy('audit_unlinked.position')
        .limit(limit)
        .execute()
      return rows.map(toStoredAuditEvent)
    },
    async putLinks(links) {
      const rows = links.map(({ eventId, ...link }) => ({ ...link, event_id: eventId }))
      await database.insertInto('audit_links').values(rows).execute()
      const eventIds = links.map(({ eventId }) => eventId)
      await database.deleteFrom('audit_unlinked').where('event_id', 'in', eventIds).execute()
    },
    async note(ids) {
      const rows = ids.map((id) => ({ event_id: id }))
      const insert = database.insertInto('audit_unlinked').values(rows)
      await insert.onConflict((conflict) => conflict.column('event_id').doNothing()).execute()
    },
    async forget(ids) {
      await database.deleteFrom('audit_unlinked').where('event_id', 'in', ids).execute()
    },
    listLinks: (after, limit) => listLinks(database, after, limit),
    async lastSequence() {
      const last = database.selectFrom('audit_links').select('sequence').orderBy('sequence', 'desc')
      return (await last.limit(1).executeTakeFirst())?.sequence ?? 0
    },
    async whichWaitInOutbox(ids) {
      const query = database.selectFrom('outbox').select('event_id').where('event_id', 'in', ids)
      return new Set((await query.execute()).map((row) => row.event_id))
    },
    async removeUpTo(sequence) {
      const linked = database.selectFrom('audit_links').select('event_id')
      const removed = linked.where('sequence', '<=', sequence)
      await database.deleteFrom('audit_events').where('id', 'in', removed).execute()
      await database.deleteFrom('audit_erasures').where('event_id', 'in', removed).execute()
      await database.deleteFrom('audit_links').where('sequence', '<=', sequence).execute()
    },
  }
}

async function findHead(database: Database): Promise<AuditChainHead | undefined> {
  const row = await database.selectFrom('audit_chain').selectAll().executeTakeFirst()
  return row && heads.parse(row)
}

async function listLinks(
  database: Database,
  after: number,
  limit: number,
): Promise<readonly ChainedAuditEvent[]> {
  const rows = await database
    .selectFrom('audit_links')
    .leftJoin('audit_events', 'audit_events.id', 'audit_links.event_id')
    .leftJoin('audit_erasures', 'audit_erasures.event_id', 'audit_links.event_id')
    .selectAll('audit_events')
    .select(['audit_links.sequence', 'audit_links.event_id'])
    .select(['audit_links.hash', 'audit_links.signature'])
    .select(['audit_erasures.content_hash', 'audit_erasures.signature as erased_signature'])
    .where('audit_links.sequence', '>', after)
    .orderBy('audit_links.sequence')
    .limit(limit)
    .execute()
  return rows.map((row) => ({
    sequence: row.sequence,
    eventId: row.event_id,
    hash: row.hash,
    signature: row.signature,
    // The other columns are present if the id is.
    ...(row.id === null ? {} : { event: toStoredAuditEvent(row as Row<'audit_events'>) }),
    ...erasureOf(row),
  }))
}

function placeOf(sequence: number | null, position: number | null) {
  if (sequence !== null) return 'linked'
  return position === null ? 'nowhere' : 'waiting'
}

function eventOfUnlinked(where: ExpressionBuilder<Tables, 'audit_unlinked'>) {
  return where
    .selectFrom('audit_events')
    .select(sql.lit(1).as('there'))
    .whereRef('audit_events.id', '=', 'audit_unlinked.event_id')
}

const headColumns = {
  beganAt: time('began_at'),
  sequence: same('sequence'),
  hash: same('hash'),
  cutSequence: same('cut_sequence'),
  cutHash: same('cut_hash'),
  signature: same('signature'),
} satisfies ColumnsOf<AuditChainHead>
const heads = conversions<AuditChainHead, typeof headColumns>(headColumns)

/** The table has one row. */
export type AuditChainRow = RowOf<AuditChainHead, typeof headColumns> & { id: number }
