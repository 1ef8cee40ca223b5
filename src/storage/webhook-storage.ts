/** What must hold of webhooks, warnings and leases; part of `storage.ts`. */
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
  /** Every webhook that has something due. */
  listDueWebhooks(now: Date): Promise<readonly DueWebhook[]>
  /** How many webhooks an organization has; without one: how many the deployment itself has. */
  countWebhooks(organizationId: OrganizationId | undefined): Promise<number>
  findWebhook(id: WebhookId): Promise<Webhook | undefined>
  listWebhooks(
    filter: { readonly organizationId?: OrganizationId },
    page: PageRequest,
  ): Promise<Page<Webhook>>
  listWebhookIds(): Promise<readonly WebhookId[]>
  /** The latest ones, newest first. */
  listDeliveries(webhookId: WebhookId, limit: number): Promise<readonly WebhookDelivery[]>
}

/** Inside `atomically`. */
export type WebhookWriter = {
  /** Inserts or replaces by id. */
  putWebhook(webhook: Webhook): Promise<void>
  /** With its deliveries. Answers whether there was one. */
  removeWebhook(id: WebhookId): Promise<boolean>
  /** Whether this warning is given for the first time, on whichever replica; from then on it is not. */
  rememberWarning(key: string, at: Date): Promise<boolean>
}

/** Single statements, each by itself. */
export type WebhookWork = {
  /**
   * Deliveries that are due, each given to one caller only, on whichever replica, until `until`; whoever takes one counts as an
   * attempt. One that is not settled by then is due again.
   */
  claimDeliveries(claim: {
    readonly webhookId: WebhookId
    readonly now: Date
    readonly until: Date
    readonly limit: number
    /** Default `due`: those that have been due for longest. `tried`: those that were tried most often. */
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

  /** Whether `holder` has the lease now: of all replicas one at a time, until `until` or longer if it takes it again before. */
  takeLease(
    name: string,
    lease: { readonly holder: string; readonly now: Date; readonly until: Date },
  ): Promise<boolean>
}
