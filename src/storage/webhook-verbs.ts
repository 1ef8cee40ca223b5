/** Reads and writes webhooks and their deliveries. */
import { type RawBuilder, sql } from 'kysely'
import { readPage } from './pages.ts'
import type { AuditEventRecord } from './records.ts'
import type { Database } from './schema.ts'
import type { Storage, StorageReader, StorageTransaction } from './storage.ts'
import { parseAuditEvent } from './trail-rows.ts'
import type { DueDelivery } from './webhook-records.ts'
import { parseDelivery, parseWebhook, toWebhookRow } from './webhook-rows.ts'

/** Creates the functions that read webhooks and their deliveries. */
export function webhookReads(database: Database) {
  return {
    async findWebhook(id) {
      const query = database.selectFrom('webhooks').selectAll().where('id', '=', id)
      const row = await query.executeTakeFirst()
      return row && parseWebhook(row)
    },
    async listWebhooks({ organizationId }, page) {
      let query = database.selectFrom('webhooks').selectAll()
      if (organizationId !== undefined) query = query.where('organization_id', '=', organizationId)
      return readPage(query, page, { by: 'created_at', item: parseWebhook })
    },
    async listDueWebhooks(now) {
      const rows = await database
        .selectFrom('webhooks')
        .select(['id', 'organization_id'])
        .where(({ exists, selectFrom }) =>
          exists(
            selectFrom('webhook_deliveries')
              .select('webhook_deliveries.id')
              .whereRef('webhook_id', '=', 'webhooks.id')
              // Settled deliveries have no next time.
              .where('next_at', '<=', now.getTime()),
          ),
        )
        .execute()
      return rows.map(({ id, organization_id: organizationId }) => ({
        id,
        ...(organizationId ? { organizationId } : {}),
      }))
    },
    async countWebhooks(organizationId) {
      const { webhooks } = await database
        .selectFrom('webhooks')
        .select((is) => is.fn.countAll().as('webhooks'))
        .where('organization_id', organizationId ? '=' : 'is', organizationId ?? null)
        .executeTakeFirstOrThrow()
      return Number(webhooks)
    },
    async listWebhookIds() {
      const rows = await database.selectFrom('webhooks').select('id').orderBy('id').execute()
      return rows.map(({ id }) => id)
    },
    async listDeliveries(webhookId, limit) {
      const rows = await database
        .selectFrom('webhook_deliveries')
        .selectAll()
        .where('webhook_id', '=', webhookId)
        .orderBy('id', 'desc')
        .limit(limit)
        .execute()
      return rows.map(parseDelivery)
    },
  } satisfies Partial<StorageReader>
}

/** Creates the functions that write webhooks. */
export function webhookWrites(database: Database) {
  return {
    async putWebhook(webhook) {
      const { id, ...rest } = toWebhookRow(webhook)
      const insert = database.insertInto('webhooks').values({ id, ...rest })
      await insert.onConflict((conflict) => conflict.column('id').doUpdateSet(rest)).execute()
    },
    async removeWebhook(id) {
      const { numDeletedRows } = await database
        .deleteFrom('webhooks')
        .where('id', '=', id)
        .executeTakeFirstOrThrow()
      return numDeletedRows === 1n
    },
    async rememberWarning(key, at) {
      const { numInsertedOrUpdatedRows } = await database
        .insertInto('given_warnings')
        .values({ key, at: at.getTime() })
        .onConflict((conflict) => conflict.column('key').doNothing())
        .executeTakeFirstOrThrow()
      return numInsertedOrUpdatedRows === 1n
    },
  } satisfies Partial<StorageTransaction>
}

/**
 * Schedules one delivery for each webhook that receives this event, in the transaction that appends it. Without webhooks it writes
 * nothing.
 */
export async function scheduleDeliveries(
  database: Database,
  event: AuditEventRecord,
): Promise<void> {
  await insertDeliveries(event).execute(database)
}

/** Returns the statement of {@link scheduleDeliveries}. */
export function insertDeliveries({
  id,
  type,
  at,
  organizationId,
  detail,
}: AuditEventRecord): RawBuilder<unknown> {
  const ofOrganization = organizationId
    ? sql`(organization_id is null or organization_id = ${organizationId})`
    : sql`organization_id is null`
  // Types are words of ours without quotes, so a quoted one matches completely or not at all.
  const wanted = sql`(event_types = '[]' or event_types like ${`%"${type}"%`})`
  const millis = at.getTime()
  return sql`
    insert into webhook_deliveries (webhook_id, event_id, outcome, attempts, next_at, created_at)
    select id, ${id}, 'waiting', 0, ${number(millis)}, ${number(millis)} from webhooks
    where status = 'on' and ${ofOrganization} and ${wanted} and ${isNews(type, detail)}`
}

/**
 * Changes of one webhook are merged: while a first event about them waits untried, a receiver gets no further one. Otherwise
 * repeated changes of a webhook would fill the queues of all receivers of the organization.
 */
function isNews(type: string, { webhookId }: AuditEventRecord['detail']): RawBuilder<unknown> {
  if (type !== 'webhook.changed') return sql`1 = 1`
  return sql`not exists (
    select 1 from webhook_deliveries d join audit_events e on e.id = d.event_id
    where d.webhook_id = webhooks.id and d.outcome = 'waiting' and d.attempts = 0
    and e.type = ${type} and e.detail like ${`%"webhookId":"${webhookId}"%`})`
}

/** A parameter in a select list has no type of its own in PostgreSQL. */
function number(value: number): RawBuilder<unknown> {
  return sql`cast(${value} as bigint)`
}

/** A sweep checks only this many, the oldest, so that it stays short whatever has accumulated. */
const MOST_SWEPT = 5_000

/** Removes old deliveries that are settled. */
export function sweepDeliveries(database: Database, before: Date) {
  const oldest = database.selectFrom('webhook_deliveries').select('id').orderBy('id')
  return database
    .deleteFrom('webhook_deliveries')
    .where('id', 'in', oldest.limit(MOST_SWEPT))
    .where('created_at', '<', before.getTime())
    .where('outcome', '<>', 'waiting')
    .execute()
}

/** Creates the single statements for deliveries and leases; `storage.ts` documents their promises. */
export function deliveryWork(database: Database, kind: Storage['kind']) {
  return {
    async claimDeliveries({ webhookId, now, until, limit, first = 'due' }) {
      const waiting = database
        .selectFrom('webhook_deliveries')
        .select('id')
        .where('webhook_id', '=', webhookId)
        .where('outcome', '=', 'waiting')
        .where('next_at', '<=', now.getTime())
      const ordered = first === 'tried' ? waiting.orderBy('attempts', 'desc') : waiting
      const due = ordered.orderBy('next_at').orderBy('id').limit(limit)
      const claimed = await database
        .updateTable('webhook_deliveries')
        .set((is) => ({ next_at: until.getTime(), attempts: is('attempts', '+', 1) }))
        .where('id', 'in', kind === 'postgres' ? due.forUpdate().skipLocked() : due)
        .where('next_at', '<=', now.getTime())
        .returningAll()
        .execute()
      const inOrder = claimed.sort((a, b) => a.id - b.id)
      return withEvents(database, inOrder.map(parseDelivery))
    },
    async settleDelivery(id, { outcome, nextAt, at, answer }) {
      await database
        .updateTable('webhook_deliveries')
        .set({
          outcome,
          next_at: nextAt?.getTime() ?? null,
          last_at: at.getTime(),
          last_answer: answer,
        })
        .where('id', '=', Number(id))
        .execute()
    },
    async takeLease(name, { holder, now, until }) {
      const { numInsertedOrUpdatedRows } = await database
        .insertInto('leases')
        .values({ name, holder, until: until.getTime() })
        .onConflict((conflict) =>
          conflict
            .column('name')
            .doUpdateSet({ holder, until: until.getTime() })
            .where((is) =>
              is.or([is('leases.until', '<=', now.getTime()), is('leases.holder', '=', holder)]),
            ),
        )
        .executeTakeFirstOrThrow()
      return numInsertedOrUpdatedRows === 1n
    },
  } satisfies Partial<Storage>
}

async function withEvents(
  database: Database,
  deliveries: readonly ReturnType<typeof parseDelivery>[],
): Promise<readonly DueDelivery[]> {
  if (deliveries.length === 0) return []
  const events = await database
    .selectFrom('audit_events')
    .selectAll()
    .where('id', 'in', [...new Set(deliveries.map(({ eventId }) => eventId))])
    .execute()
  const known = new Map(events.map((row) => [row.id, parseAuditEvent(row)]))
  return deliveries
    .map((delivery) => ({ delivery, event: known.get(delivery.eventId) }))
    .map(({ delivery, event }) => (event === undefined ? { delivery } : { delivery, event }))
}
