/**
 * Tells receivers what happened, at least once each: deliveries are scheduled in the transaction of the event, claimed by one replica
 * at a time, and tried again for days.
 */
import { auditEventJson } from '../api/resources/audit-events.ts'
import type { Services } from '../services.ts'
import type {
  DueDelivery,
  Webhook,
  WebhookDelivery,
  WebhookId,
} from '../storage/webhook-records.ts'
import type { SendResult, SendWebhook } from './send-webhook.ts'
import { signedHeaders } from './webhook-signature.ts'
import { openSecrets, turnOffWebhook } from './webhooks.ts'

/** Of one webhook at once, and of webhooks at once. */
const BATCH = 10
const MOST_AT_ONCE = 50
const INTERVAL_MS = 1_000
/** Longer than one attempt may take, so that nobody else starts it meanwhile. */
const CLAIM_MS = 60_000
const MINUTE_MS = 60_000
const HOUR_MS = 3_600_000

/** Waits before the second attempt, the third … After the last one nothing is tried any more: about three days in all. */
export const retryWaitsMs: readonly number[] = [
  5_000,
  5 * MINUTE_MS,
  30 * MINUTE_MS,
  2 * HOUR_MS,
  5 * HOUR_MS,
  10 * HOUR_MS,
  14 * HOUR_MS,
  20 * HOUR_MS,
  24 * HOUR_MS,
]
const LONGEST_RETRY_AFTER_MS = 24 * HOUR_MS

/**
 * Looks once a second what is due. Each webhook is told by itself, so that one whose receiver hangs holds up no other. Answers the
 * function that stops it, when what is under way has ended.
 */
export function startDeliveries(services: Services, send: SendWebhook): () => Promise<void> {
  let stopped = false
  const underWay = new Map<WebhookId, Promise<void>>()
  const timer = setInterval(() => {
    if (!stopped) void tellDue(services, send, underWay)
  }, INTERVAL_MS)
  timer.unref()
  return async () => {
    stopped = true
    clearInterval(timer)
    await Promise.all(underWay.values())
  }
}

async function tellDue(
  services: Services,
  send: SendWebhook,
  underWay: Map<WebhookId, Promise<void>>,
): Promise<void> {
  try {
    const due = await services.storage.listDueWebhooks(services.now(), MOST_AT_ONCE)
    for (const id of due.filter((one) => !underWay.has(one))) {
      if (underWay.size >= MOST_AT_ONCE) return
      const telling = deliverTo(services, send, id)
        .catch((error: unknown) => services.log.warn('webhooks_not_delivered', { error }))
        .finally(() => underWay.delete(id))
      underWay.set(
        id,
        telling.then(() => {}),
      )
    }
  } catch (error) {
    services.log.warn('webhooks_not_delivered', { error })
  }
}

/** One round, waited for. Answers how many deliveries were tried. */
export async function deliverDue(services: Services, send: SendWebhook): Promise<number> {
  const due = await services.storage.listDueWebhooks(services.now(), MOST_AT_ONCE)
  const tried = await Promise.all(due.map((id) => deliverTo(services, send, id)))
  return tried.reduce((sum, count) => sum + count, 0)
}

async function deliverTo(services: Services, send: SendWebhook, webhookId: WebhookId) {
  const now = services.now()
  const until = new Date(now.getTime() + CLAIM_MS)
  const claim = { webhookId, now, until, limit: BATCH }
  const due = await services.storage.claimDeliveries(claim)
  await Promise.all(due.map((one) => deliverOne(services, send, one)))
  return due.length
}

async function deliverOne(
  services: Services,
  send: SendWebhook,
  { delivery, event }: DueDelivery,
): Promise<void> {
  const webhook = await services.storage.findWebhook(delivery.webhookId)
  if (webhook?.status !== 'on' || event === undefined) {
    await settle(services, delivery, { outcome: 'given_up', answer: 'not_wanted' })
    return
  }
  const at = services.now()
  const body = JSON.stringify({
    type: event.type,
    timestamp: event.at.toISOString(),
    data: auditEventJson(event),
  })
  const result = await sendSigned(services, send, { webhook, id: event.id, at, body })
  await afterAttempt(services, { webhook, delivery }, result)
}

/** A secret that cannot be opened, such as after a lost key, is an attempt that failed: it must not be tried for ever. */
async function sendSigned(
  services: Services,
  send: SendWebhook,
  message: {
    readonly webhook: Webhook
    readonly id: string
    readonly at: Date
    readonly body: string
  },
): Promise<SendResult> {
  const { webhook, at, body } = message
  try {
    const headers = signedHeaders(message, openSecrets(services, webhook, at))
    return await send({ url: webhook.url, headers, body })
  } catch (error) {
    services.log.error('webhook_not_signed', { webhook: webhook.id, error })
    return { answer: 'not_signed' }
  }
}

async function afterAttempt(
  services: Services,
  { webhook, delivery }: { readonly webhook: Webhook; readonly delivery: WebhookDelivery },
  result: SendResult,
): Promise<void> {
  const { status = 0, answer } = result
  const outcome = status >= 200 && status < 300 ? 'delivered' : 'failed'
  services.metrics.count('entrada_webhook_attempts_total', { outcome })
  if (outcome === 'delivered') return settle(services, delivery, { outcome, answer })

  services.log.warn('webhook_refused', { webhook: webhook.id, attempts: delivery.attempts, answer })
  if (status === 410) await turnOffWebhook(services, webhook.id, 'gone')
  const nextAt = status === 410 ? undefined : nextAttempt(services.now(), delivery, result)
  if (nextAt) return settle(services, delivery, { outcome: 'waiting', nextAt, answer })
  await settle(services, delivery, { outcome: 'given_up', answer })
  if (status !== 410) await turnOffWebhook(services, webhook.id, 'failing')
}

/** `undefined` when it was the last one. */
function nextAttempt(
  now: Date,
  { attempts }: WebhookDelivery,
  { retryAfterSeconds = 0 }: SendResult,
): Date | undefined {
  const waitMs = retryWaitsMs[attempts - 1]
  if (waitMs === undefined) return undefined
  const askedMs = Math.min(retryAfterSeconds * 1000, LONGEST_RETRY_AFTER_MS)
  return new Date(now.getTime() + Math.max(waitMs, askedMs))
}

function settle(
  services: Services,
  { id }: WebhookDelivery,
  settled: {
    readonly outcome: WebhookDelivery['outcome']
    readonly nextAt?: Date
    readonly answer: string
  },
): Promise<void> {
  return services.storage.settleDelivery(id, { ...settled, at: services.now() })
}
