/** What is stored about webhooks. */
import type { AuditEventId, AuditEventRecord, OrganizationId } from './records.ts'

export type WebhookId = `whk_${string}`

/** Somebody who is told of events over https. Without `organizationId`: of all; else of that organization's. */
export type Webhook = {
  readonly id: WebhookId
  readonly organizationId?: OrganizationId
  readonly url: string
  /** Types that are told; empty: all. */
  readonly eventTypes: readonly string[]
  /** Newest first. All that have not ended sign, so that a receiver changes over in its own time. */
  readonly secrets: readonly WebhookSecret[]
  readonly status: 'on' | 'off'
  /** `gone`: the receiver answered 410. `failing`: it took nothing for days. `secret_lost`: with a key of the key ring. */
  readonly offBecause?: 'operator' | 'gone' | 'failing' | 'secret_lost'
  readonly createdAt: Date
  readonly updatedAt: Date
}
export type WebhookSecret = {
  readonly id: string
  readonly sealed: string
  readonly createdAt: Date
  readonly endsAt?: Date
}

export type DueWebhook = Pick<Webhook, 'id' | 'organizationId'>

export type WebhookDelivery = {
  readonly id: string
  readonly webhookId: WebhookId
  readonly eventId: AuditEventId
  readonly outcome: 'waiting' | 'delivered' | 'given_up'
  readonly attempts: number
  readonly nextAt?: Date
  readonly lastAt?: Date
  /** What came of the last attempt: an HTTP status, or a word of ours. */
  readonly lastAnswer?: string
  readonly createdAt: Date
}

/** `event` is absent when it is older than the audit is kept. */
export type DueDelivery = { readonly delivery: WebhookDelivery; readonly event?: AuditEventRecord }
