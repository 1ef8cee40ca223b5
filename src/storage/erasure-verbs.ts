/** Erases removed people from the audit trail. */
import { parseJson } from './columns.ts'
import type { AuditErasure, ErasureVerbs } from './erasure-storage.ts'
import type { AuditEventId, AuditLink } from './records.ts'
import type { Database, Row } from './schema.ts'
import { parseAuditEvent, toAuditEventRow, toStoredAuditEvent } from './trail-rows.ts'

/** Creates the functions that erase people from the audit trail. */
export function erasureVerbs(database: Database): ErasureVerbs {
  return {
    async findErasureDue() {
      const query = database.selectFrom('erasures_due').selectAll().orderBy('position').limit(1)
      const row = await query.executeTakeFirst()
      if (row === undefined) return undefined
      const objectIds = parseJson<readonly string[]>(row.object_ids)
      const { user_id: userId, after_event: after, signature } = row
      return { userId, objectIds, after, signature }
    },
    async listErasableEvents(after, limit) {
      const rows = await database
        .selectFrom('audit_events')
        .leftJoin('audit_links', 'audit_links.event_id', 'audit_events.id')
        .leftJoin('audit_erasures', 'audit_erasures.event_id', 'audit_events.id')
        .leftJoin('audit_links as links_before', (join) =>
          join.on((on) =>
            on('links_before.sequence', '=', on('audit_links.sequence', '-', on.lit(1))),
          ),
        )
        .selectAll('audit_events')
        .select(['audit_links.sequence', 'audit_links.hash', 'audit_links.signature'])
        .select(['audit_erasures.content_hash', 'audit_erasures.signature as erased_signature'])
        .select('links_before.hash as hash_before')
        .where('audit_events.id', '>', after as AuditEventId) // '' or an id
        .orderBy('audit_events.id')
        .limit(limit)
        .execute()
      return rows.map((row) => ({
        event: parseAuditEvent(row),
        ...(row.sequence === null ? {} : { link: toLink(row) }),
        ...(row.hash_before === null ? {} : { hashBefore: row.hash_before }),
      }))
    },
    async replaceAuditEvent(event, vouch) {
      const { id, ...columns } = toAuditEventRow(event)
      await database.updateTable('audit_events').set(columns).where('id', '=', id).execute()
      const erasure = vouch(toStoredAuditEvent({ id, ...columns }).content)
      if (erasure === undefined) return
      const row = { content_hash: erasure.contentHash, signature: erasure.signature }
      await database
        .insertInto('audit_erasures')
        .values({ event_id: id, ...row })
        .onConflict((conflict) => conflict.column('event_id').doUpdateSet(row))
        .execute()
    },
    async continueErasure(userId, after) {
      const due = database.updateTable('erasures_due').set({ after_event: after })
      await due.where('user_id', '=', userId).execute()
    },
    async finishErasure(userId) {
      await database.deleteFrom('erasures_due').where('user_id', '=', userId).execute()
    },
    async listErasuresToSign({ keyId, after, limit }) {
      const rows = await database
        .selectFrom('audit_erasures')
        .innerJoin('audit_links', 'audit_links.event_id', 'audit_erasures.event_id')
        .leftJoin('audit_links as links_before', (join) =>
          join.on((on) =>
            on('links_before.sequence', '=', on('audit_links.sequence', '-', on.lit(1))),
          ),
        )
        .selectAll('audit_erasures')
        .select(['audit_links.sequence', 'audit_links.hash', 'links_before.hash as hash_before'])
        .where('audit_erasures.signature', 'not like', `v1.${keyId}.%`)
        .where('audit_erasures.event_id', '>', after as AuditEventId) // '' or an id
        .orderBy('audit_erasures.event_id')
        .limit(limit)
        .execute()
      return rows.map((row) => ({
        eventId: row.event_id,
        sequence: row.sequence,
        hash: row.hash,
        ...(row.hash_before === null ? {} : { hashBefore: row.hash_before }),
        erasure: { contentHash: row.content_hash, signature: row.signature },
      }))
    },
    async signErasure(eventId, signature) {
      const signed = database.updateTable('audit_erasures').set({ signature })
      await signed.where('event_id', '=', eventId).execute()
    },
  }
}

type LinkedRow = Row<'audit_events'> & {
  readonly [Column in keyof Omit<AuditLink, 'eventId'>]: AuditLink[Column] | null
} & ErasureColumns

function toLink(row: LinkedRow) {
  const { sequence, hash, signature } = row
  return {
    sequence: sequence ?? 0,
    eventId: row.id,
    hash: hash ?? '',
    signature: signature ?? '',
    event: toStoredAuditEvent(row),
    ...erasureOf(row),
  }
}

type ErasureColumns = {
  readonly content_hash: string | null
  readonly erased_signature: string | null
}

/** Returns the erasure of a joined row, if the event has one. */
export function erasureOf({
  content_hash: contentHash,
  erased_signature: signature,
}: ErasureColumns): {
  readonly erasure?: AuditErasure
} {
  return contentHash === null || signature === null ? {} : { erasure: { contentHash, signature } }
}
