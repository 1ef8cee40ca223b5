/** Reads and writes what is only ever added: audit events, sign-in traces, and the outbox of events. */
import type { ExpressionBuilder } from 'kysely'
import { readPage } from './pages.ts'
import type { UserId } from './records.ts'
import type { Database, Tables } from './schema.ts'
import type { AuditFilter, StorageReader, StorageTransaction, TraceFilter } from './storage.ts'
import { parseAuditEvent, parseSignInTrace, toAuditEventRow } from './trail-rows.ts'
import { scheduleDeliveries } from './webhook-verbs.ts'

/** Creates the functions that read audit events, sign-in traces and the outbox. */
export function trailReads(database: Database) {
  return {
    async listAuditEvents(filter, page) {
      return readPage(selectAuditEvents(database, filter), page, {
        by: 'at',
        item: parseAuditEvent,
      })
    },
    async findSignInTrace(id) {
      const query = database.selectFrom('sign_in_traces').selectAll().where('id', '=', id)
      const row = await query.executeTakeFirst()
      return row && parseSignInTrace(row)
    },
    async listSignInTraces(filter, page) {
      return readPage(selectSignInTraces(database, filter), page, {
        by: 'at',
        item: parseSignInTrace,
      })
    },
    async countLive(now) {
      const [sessions, outbox, unlinked] = await Promise.all([
        database
          .selectFrom('sessions')
          .select((count) => count.fn.countAll<number>().as('rows'))
          .where('ends_at', '>', now.getTime())
          .executeTakeFirstOrThrow(),
        database
          .selectFrom('outbox')
          .select((count) => count.fn.countAll<number>().as('rows'))
          .executeTakeFirstOrThrow(),
        database
          .selectFrom('audit_unlinked')
          .select((count) => count.fn.countAll<number>().as('rows'))
          .executeTakeFirstOrThrow(),
      ])
      return { sessions: sessions.rows, outbox: outbox.rows, unlinked: unlinked.rows }
    },
    async listOutbox(limit) {
      const rows = await database
        .selectFrom('outbox')
        .innerJoin('audit_events', 'audit_events.id', 'outbox.event_id')
        .selectAll('audit_events')
        .select('outbox.sequence')
        .orderBy('outbox.sequence')
        .limit(limit)
        .execute()
      return rows.map((row) => ({ sequence: row.sequence, event: parseAuditEvent(row) }))
    },
  } satisfies Partial<StorageReader>
}

/** Creates the functions that write audit events, sign-in traces and the outbox. */
export function trailWrites(database: Database) {
  return {
    async appendAuditEvent(event, { toOutbox }) {
      await database.insertInto('audit_events').values(toAuditEventRow(event)).execute()
      await scheduleDeliveries(database, event)
      if (toOutbox) await database.insertInto('outbox').values({ event_id: event.id }).execute()
    },
    async removeFromOutbox(sequences) {
      if (sequences.length === 0) return
      await database.deleteFrom('outbox').where('sequence', 'in', sequences).execute()
    },
  } satisfies Partial<StorageTransaction>
}

function selectAuditEvents(database: Database, filter: AuditFilter) {
  let query = database.selectFrom('audit_events').selectAll()
  if (filter.type !== undefined) query = query.where('type', '=', filter.type)
  if (filter.userId !== undefined) query = query.where('user_id', '=', filter.userId)
  if (filter.userIds !== undefined) query = query.where('user_id', 'in', atLeastOne(filter.userIds))
  if (filter.organizationId !== undefined) {
    query = query.where('organization_id', '=', filter.organizationId)
  }
  if (filter.connectionId !== undefined) {
    query = query.where('connection_id', '=', filter.connectionId)
  }
  if (filter.correlationId !== undefined) {
    query = query.where('correlation_id', '=', filter.correlationId)
  }
  if (filter.since !== undefined) query = query.where('at', '>=', filter.since.getTime())
  if (filter.until !== undefined) query = query.where('at', '<', filter.until.getTime())
  return query
}

function selectSignInTraces(database: Database, filter: TraceFilter) {
  let query = database.selectFrom('sign_in_traces').selectAll()
  if (filter.userId !== undefined) query = query.where('user_id', '=', filter.userId)
  if (filter.organizationId !== undefined) {
    query = query.where('organization_id', '=', filter.organizationId)
  }
  if (filter.connectionId !== undefined) {
    query = query.where('connection_id', '=', filter.connectionId)
  }
  if (filter.outcome !== undefined) query = query.where('outcome', '=', filter.outcome)
  if (filter.correlationId !== undefined) {
    query = query.where('correlation_id', '=', filter.correlationId)
  }
  const { person } = filter
  if (person !== undefined) query = query.where(isOfPerson(person))
  return query
}

/** Each of the conditions has its index. */
function isOfPerson({ userIds, subject, nameKeys }: NonNullable<TraceFilter['person']>) {
  return (is: ExpressionBuilder<Tables, 'sign_in_traces'>) =>
    is.or([
      is('user_id', 'in', atLeastOne(userIds)),
      ...(subject === undefined ? [] : [is('person_oid', '=', subject)]),
      ...(nameKeys.length === 0
        ? []
        : [is('name_key', 'in', nameKeys), is('email_key', 'in', nameKeys)]),
    ])
}

/** An empty list is not valid SQL; no user has this id. */
function atLeastOne(ids: readonly UserId[]): readonly UserId[] {
  return ids.length > 0 ? ids : ['usr_']
}
