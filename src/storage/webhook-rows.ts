/** Converts webhooks and their deliveries to rows and back. */
import type { Generated } from 'kysely'
import { parseJson, present } from './columns.ts'
import { type ColumnsOf, conversions, json, type RowOf, same, time } from './record-columns.ts'
import type { Webhook, WebhookDelivery, WebhookSecret } from './webhook-records.ts'

/** All members but the secrets, whose times are inside their JSON. */
type WebhookMembers = Omit<Webhook, 'secrets'>
const webhookColumns = {
  id: same('id'),
  organizationId: same('organization_id'),
  url: same('url'),
  eventTypes: json('event_types'),
  status: same('status'),
  offBecause: same('off_because'),
  createdAt: time('created_at'),
  updatedAt: time('updated_at'),
} satisfies ColumnsOf<WebhookMembers>
const webhooks = conversions<WebhookMembers, typeof webhookColumns>(webhookColumns)

export type WebhookRow = RowOf<WebhookMembers, typeof webhookColumns> & { secrets: string }

/** Converts a row to a webhook. */
export function parseWebhook(row: WebhookRow): Webhook {
  return { ...webhooks.parse(row), secrets: parseSecrets(row.secrets) }
}

/** Converts a webhook to its row. */
export function toWebhookRow(webhook: Webhook): WebhookRow {
  const secrets = webhook.secrets.map(({ createdAt, endsAt, ...rest }) =>
    present({ ...rest, createdAt: createdAt.getTime(), endsAt: endsAt?.getTime() }),
  )
  return { ...webhooks.toRow(webhook), secrets: JSON.stringify(secrets) }
}

/** All members but the id, which the database creates as a number. */
type DeliveryMembers = Omit<WebhookDelivery, 'id'>
const deliveryColumns = {
  webhookId: same('webhook_id'),
  eventId: same('event_id'),
  outcome: same('outcome'),
  attempts: same('attempts'),
  nextAt: time('next_at'),
  lastAt: time('last_at'),
  lastAnswer: same('last_answer'),
  createdAt: time('created_at'),
} satisfies ColumnsOf<DeliveryMembers>
const deliveries = conversions<DeliveryMembers, typeof deliveryColumns>(deliveryColumns)

type DeliveryColumns = RowOf<DeliveryMembers, typeof deliveryColumns>
/** `next_at` is `null` when nothing is left to do. */
export type WebhookDeliveryRow = DeliveryColumns & { id: Generated<number> }

/** Converts a row to a delivery. */
export function parseDelivery(row: DeliveryColumns & { readonly id: number }): WebhookDelivery {
  return { ...deliveries.parse(row), id: String(row.id) }
}

/** Returns every sealed value of one `secrets` column. */
export function sealedWebhookSecrets(secrets: string): readonly string[] {
  return parseJson<readonly StoredSecret[]>(secrets).map(({ sealed }) => sealed)
}

function parseSecrets(text: string): readonly WebhookSecret[] {
  return parseJson<readonly StoredSecret[]>(text).map(({ createdAt, endsAt, ...rest }) =>
    present({
      ...rest,
      createdAt: new Date(createdAt),
      endsAt: endsAt === undefined ? undefined : new Date(endsAt),
    }),
  )
}

type StoredSecret = {
  readonly id: string
  readonly sealed: string
  readonly createdAt: number
  readonly endsAt?: number
}
