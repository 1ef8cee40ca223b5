import type { Kysely } from 'kysely'

/** What is due of one webhook is found without reading what is due of the others, or what it was sent before. */
export async function indexDueDeliveries(database: Kysely<unknown>): Promise<void> {
  await database.schema
    .createIndex('webhook_deliveries_by_webhook_id_next_at')
    .on('webhook_deliveries')
    .columns(['webhook_id', 'next_at'])
    .execute()
}
