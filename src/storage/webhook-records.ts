/** Stored records of webhooks. */
import type { AuditEventId, AuditEventRecord, OrganizationId } from './records.ts'

export type WebhookId = `whk_${string}`

/** A receiver of events over https. Without `organizationId` it receives all events; otherwise those of that organization. */
export type Webhook = {
  readonly id: WebhookId
  readonly organizationId?: OrganizationId
  readonly url: string
  /** Types of events to send; empty means all. */
  readonly eventTypes: readonly string[]
  /** The secrets, newest first. All that have not expired sign, so that a receiver can change to the new one at any time. */
  readonly secrets: readonly WebhookSecret[]
  readonly status: 'on' | 'off'
  /**
   * `gone`: the receiver answered 410. `failing`: it accepted nothing for days. `secret_lost`: its secret was lost with a key of
   * the key ring.
   */
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
  /** The outcome of the last attempt: an HTTP status, or a word of ours. */
  readonly lastAnswer?: string
  readonly createdAt: Date
}

/** `event` is absent if it is older than the retention of the audit trail. */
export type DueDelivery = { readonly delivery: WebhookDelivery; readonly event?: AuditEventRecord }
