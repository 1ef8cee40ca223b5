/** Webhooks and their deliveries: row to record and back. */
import { parseJson, present } from './columns.ts'
import type { Row } from './schema.ts'
import type { Webhook, WebhookDelivery } from './webhook-records.ts'

export function parseWebhook(row: Row<'webhooks'>): Webhook {
  return present({
    id: row.id,
    organizationId: row.organization_id,
    url: row.url,
    eventTypes: parseJson<Webhook['eventTypes']>(row.event_types),
    secrets: parseJson<readonly StoredSecret[]>(row.secrets).map(({ createdAt, endsAt, ...rest }) =>
      present({
        ...rest,
        createdAt: new Date(createdAt),
        endsAt: endsAt === undefined ? undefined : new Date(endsAt),
      }),
    ),
    status: row.status,
    offBecause: row.off_because,
    createdAt: new Date(row.created_at),
    updatedAt: new Date(row.updated_at),
  })
}

export function toWebhookRow(webhook: Webhook): Row<'webhooks'> {
  const secrets = webhook.secrets.map(({ createdAt, endsAt, ...rest }) =>
    present({ ...rest, createdAt: createdAt.getTime(), endsAt: endsAt?.getTime() }),
  )
  return {
    id: webhook.id,
    organization_id: webhook.organizationId ?? null,
    url: webhook.url,
    event_types: JSON.stringify(webhook.eventTypes),
    secrets: JSON.stringify(secrets),
    status: webhook.status,
    off_because: webhook.offBecause ?? null,
    created_at: webhook.createdAt.getTime(),
    updated_at: webhook.updatedAt.getTime(),
  }
}

export function parseDelivery(row: Row<'webhook_deliveries'>): WebhookDelivery {
  return present({
    id: String(row.id),
    webhookId: row.webhook_id,
    eventId: row.event_id,
    outcome: row.outcome,
    attempts: row.attempts,
    nextAt: row.next_at === null ? undefined : new Date(row.next_at),
    lastAt: row.last_at === null ? undefined : new Date(row.last_at),
    lastAnswer: row.last_answer,
    createdAt: new Date(row.created_at),
  })
}

/** Every sealed value of one `secrets` column. */
export function sealedWebhookSecrets(secrets: string): readonly string[] {
  return parseJson<readonly StoredSecret[]>(secrets).map(({ sealed }) => sealed)
}

type StoredSecret = {
  readonly id: string
  readonly sealed: string
  readonly createdAt: number
  readonly endsAt?: number
}
