import type { Kysely } from 'kysely'

/** Creates the index by which due deliveries of one webhook are found without reading those of others or earlier ones. */
export async function indexDueDeliveries(database: Kysely<unknown>): Promise<void> {
  await database.schema
    .createIndex('webhook_deliveries_by_webhook_id_next_at')
    .on('webhook_deliveries')
    .columns(['webhook_id', 'next_at'])
    .execute()
}
