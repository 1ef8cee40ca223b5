/** The contract for webhooks, warnings and leases; part of `storage.ts`. */
import type { OrganizationId } from './records.ts'
import type { Page, PageRequest } from './storage.ts'
import type {
  DueDelivery,
  DueWebhook,
  Webhook,
  WebhookDelivery,
  WebhookId,
} from './webhook-records.ts'

export type WebhookReader = {
  /** Returns every webhook with due deliveries. */
  listDueWebhooks(now: Date): Promise<readonly DueWebhook[]>
  /** Counts the webhooks of an organization, or without one those of the deployment itself. */
  countWebhooks(organizationId: OrganizationId | undefined): Promise<number>
  findWebhook(id: WebhookId): Promise<Webhook | undefined>
  listWebhooks(
    filter: { readonly organizationId?: OrganizationId },
    page: PageRequest,
  ): Promise<Page<Webhook>>
  listWebhookIds(): Promise<readonly WebhookId[]>
  /** Returns the latest deliveries, newest first. */
  listDeliveries(webhookId: WebhookId, limit: number): Promise<readonly WebhookDelivery[]>
}

/** These functions run inside `atomically`. */
export type WebhookWriter = {
  /** Inserts or replaces by id. */
  putWebhook(webhook: Webhook): Promise<void>
  /** Removes a webhook with its deliveries. Returns whether there was one. */
  removeWebhook(id: WebhookId): Promise<boolean>
  /** Returns whether this warning is sent for the first time, on any replica, and stores it. */
  rememberWarning(key: string, at: Date): Promise<boolean>
}

/** Each of these functions is a single statement. */
export type WebhookWork = {
  /**
   * Claims due deliveries until `until`, each for only one caller on any replica; a claim counts as an attempt. A delivery that is
   * not settled by then is due again.
   */
  claimDeliveries(claim: {
    readonly webhookId: WebhookId
    readonly now: Date
    readonly until: Date
    readonly limit: number
    /** `due`, the default: the longest due first. `tried`: the most often tried first. */
    readonly first?: 'due' | 'tried'
  }): Promise<readonly DueDelivery[]>
  settleDelivery(
    id: WebhookDelivery['id'],
    settled: {
      readonly outcome: WebhookDelivery['outcome']
      readonly nextAt?: Date
      readonly at: Date
      readonly answer: string
    },
  ): Promise<void>

  /**
   * Returns whether `holder` has the lease now: only one replica at a time, until `until` or longer if it takes it again before.
   */
  takeLease(
    name: string,
    lease: { readonly holder: string; readonly now: Date; readonly until: Date },
  ): Promise<boolean>
}
