/**
 * Sends events to their receivers, at least once each: deliveries are scheduled in the transaction of the event, claimed by one
 * replica at a time, and retried for three days.
 */
import type { ChangeServices } from '../audit/audit.ts'
import { auditEventJson } from '../audit/audit-event-json.ts'
import type { Services } from '../services.ts'
import type {
  DueDelivery,
  DueWebhook,
  Webhook,
  WebhookDelivery,
  WebhookId,
} from '../storage/webhook-records.ts'
import { afterSilence, chooseWebhooks, type Trouble } from './delivery-shares.ts'
import type { SendResult, SendWebhook } from './send-webhook.ts'
import { signedHeaders } from './webhook-signature.ts'
import { openSecrets, turnOffWebhook } from './webhooks.ts'

/** At most this many deliveries of one webhook run concurrently; `delivery-shares.ts` limits how many webhooks do. */
const BATCH = 10
/**
 * A receiver that did not respond is sent one delivery per round until it responds again: the one that was tried most often. So a
 * dead receiver is recognized after three days, however many further events wait for it.
 */
const probe = { limit: 1, first: 'tried' } as const
const batch = { limit: BATCH } as const
const INTERVAL_MS = 1_000
/** A receiver whose rounds take longer than this counts as slow. */
const SLOW_MS = 3_000
/** A claim lasts longer than one attempt may take, so that no other replica starts the same delivery meanwhile. */
const CLAIM_MS = 60_000
const MINUTE_MS = 60_000
const HOUR_MS = 3_600_000

/** Waits before the second attempt, the third, and so on: about three days in all. After the last one the delivery is given up. */
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
 * Checks once a second which deliveries are due. Returns a function that stops this and resolves when deliveries under way have
 * ended.
 */
export function startDeliveries(services: Services, send: SendWebhook): () => Promise<void> {
  const deliveries = createDeliveries(services, send)
  const timer = setInterval(() => void deliveries.startRounds(), INTERVAL_MS)
  timer.unref()
  return async () => {
    clearInterval(timer)
    await deliveries.stop()
  }
}

export type Deliveries = {
  /** Starts a round for each webhook that has due deliveries, within the shares. Never rejects, and waits for no receiver. */
  startRounds(): Promise<void>
  /** Starts no further round; resolves when those under way have ended. */
  stop(): Promise<void>
}

/** Creates the deliveries. Each webhook has rounds of its own, so that a receiver that hangs does not hold up the others. */
export function createDeliveries(services: Services, send: SendWebhook): Deliveries {
  const { storage, log, now } = services
  const underWay = new Map<WebhookId, DueWebhook>()
  const troubles = new Map<WebhookId, Trouble>()
  const lastRounds = new Map<WebhookId, number>()
  const rounds = new Set<Promise<void>>()
  let count = 0
  let stopped = false

  /** Returns whether more deliveries may be due and the receiver accepts them. */
  async function run({ id }: DueWebhook): Promise<boolean> {
    const before = troubles.get(id)
    const isSilent = before?.kind === 'silent'
    const round = await deliverRound(services, send, { id, ...(isSilent ? probe : batch) })
    const trouble = troubleOf(round, before, now())
    if (trouble) troubles.set(id, trouble)
    else troubles.delete(id)
    return trouble === undefined && round.tried === BATCH
  }
  async function runToEnd(webhook: DueWebhook): Promise<void> {
    let isMoreDue = false
    try {
      isMoreDue = await run(webhook)
    } catch (error) {
      log.warn('webhooks_not_delivered', { error })
    }
    underWay.delete(webhook.id)
    if (isMoreDue) await startRounds()
  }
  function begin(webhook: DueWebhook): void {
    count += 1
    lastRounds.set(webhook.id, count)
    underWay.set(webhook.id, webhook)
    const round = runToEnd(webhook).finally(() => rounds.delete(round))
    rounds.add(round)
  }
  async function startRounds(): Promise<void> {
    try {
      const due = await storage.listDueWebhooks(now())
      const ids = new Set(due.map(({ id }) => id))
      for (const id of lastRounds.keys()) if (!ids.has(id)) lastRounds.delete(id)
      if (stopped) return
      chooseWebhooks(due, { underWay, troubles, lastRounds }, now()).forEach(begin)
    } catch (error) {
      log.warn('webhooks_not_delivered', { error })
    }
  }
  return {
    startRounds,
    async stop() {
      stopped = true
      await Promise.all(rounds)
    },
  }
}

/** Delivers everything that is due in one round and waits for it. Returns how many deliveries were tried. */
export async function deliverDue(services: Services, send: SendWebhook): Promise<number> {
  const due = await services.storage.listDueWebhooks(services.now())
  const rounds = await Promise.all(
    due.map(({ id }) => deliverRound(services, send, { id, ...batch })),
  )
  return rounds.reduce((sum, { tried }) => sum + tried, 0)
}

type RoundOptions = {
  readonly id: WebhookId
  readonly limit: number
  readonly first?: 'due' | 'tried'
}
type Round = {
  readonly tried: number
  /** Deliveries to which the receiver sent no response. */
  readonly unanswered: number
  readonly tookMs: number
}

async function deliverRound(
  services: Services,
  send: SendWebhook,
  { id: webhookId, ...claim }: RoundOptions,
): Promise<Round> {
  const startedAt = performance.now()
  const now = services.now()
  const until = new Date(now.getTime() + CLAIM_MS)
  const due = await services.storage.claimDeliveries({ webhookId, now, until, ...claim })
  const answered = await Promise.all(due.map((delivery) => deliverOne(services, send, delivery)))
  return {
    tried: due.length,
    unanswered: answered.filter((isAnswered) => !isAnswered).length,
    tookMs: performance.now() - startedAt,
  }
}

function troubleOf(
  { tried, unanswered, tookMs }: Round,
  before: Trouble | undefined,
  now: Date,
): Trouble | undefined {
  if (tried === 0) return before
  if (unanswered > 0) return afterSilence(before, now)
  return tookMs > SLOW_MS ? { kind: 'slow' } : undefined
}

/** Returns whether the receiver responded, with whatever status; also when nothing had to be sent. */
async function deliverOne(
  services: Services,
  send: SendWebhook,
  { delivery, event }: DueDelivery,
): Promise<boolean> {
  const webhook = await services.storage.findWebhook(delivery.webhookId)
  if (webhook?.status !== 'on' || event === undefined) {
    await settle(services, delivery, { outcome: 'given_up', answer: 'not_wanted' })
    return true
  }
  const at = services.now()
  const body = JSON.stringify({
    type: event.type,
    timestamp: event.at.toISOString(),
    data: auditEventJson(event),
  })
  const result = await sendSigned(services, send, { webhook, id: event.id, at, body })
  await afterAttempt(services, { webhook, delivery }, result)
  return result.status !== undefined
}

/**
 * A secret that cannot be opened, for example after a key was lost, counts as a failed attempt: the delivery must not be retried
 * for ever.
 */
async function sendSigned(
  services: Pick<Services, 'keyRing' | 'log'>,
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
  services: ChangeServices & Pick<Services, 'log' | 'metrics'>,
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

/** Returns `undefined` after the last attempt. */
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
  services: Pick<Services, 'now' | 'storage'>,
  { id }: WebhookDelivery,
  settled: {
    readonly outcome: WebhookDelivery['outcome']
    readonly nextAt?: Date
    readonly answer: string
  },
): Promise<void> {
  return services.storage.settleDelivery(id, { ...settled, at: services.now() })
}
