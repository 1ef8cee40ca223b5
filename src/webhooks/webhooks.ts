/** Receivers of events, created by operators for the whole deployment or for one organization. */

import type { AdminCaller } from '../access/admin-caller.ts'
import { audit, type ChangeServices } from '../audit/audit.ts'
import { auditEventTypes } from '../audit/audit-events.ts'
import { changeAtomically } from '../audit/change-atomically.ts'
import { EntradaError } from '../errors/errors.ts'
import { found } from '../errors/found.ts'
import { newId } from '../keys/ids.ts'
import type { Services } from '../services.ts'
import type { OrganizationId } from '../storage/records.ts'
import type { StorageTransaction } from '../storage/storage.ts'
import type { Webhook, WebhookId, WebhookSecret } from '../storage/webhook-records.ts'
import { checkReceiverUrl } from './public-address.ts'

/** After a rotation the previous secret still signs for this long. */
const OLD_SECRET_LIFETIME_MS = 24 * 3_600_000
const MOST_SECRETS = 4
/** The number of webhooks is limited because each event is scheduled for each webhook in the transaction that stores it. */
export const MOST_OF_ORGANIZATION = 20
export const MOST_OF_DEPLOYMENT = 100

export type NewWebhook = {
  readonly url: string
  readonly organizationId?: string
  /** An empty list means all types. */
  readonly eventTypes?: readonly string[]
}
/** `secret` is shown only once. */
export type WebhookWithSecret = { readonly webhook: Webhook; readonly secret: string }

/**
 * Creates a webhook with a new secret.
 *
 * @throws {EntradaError} `url_not_allowed`, `request_invalid`, `too_many_webhooks`, `record_not_found` (the organization)
 */
export async function createWebhook(
  services: ChangeServices & Pick<Services, 'deployment' | 'keyRing'>,
  caller: AdminCaller,
  input: NewWebhook,
): Promise<WebhookWithSecret> {
  const at = services.now()
  const id = newId(services, 'whk')
  const { stored, secret } = freshSecret(services, id)
  const organizationId = input.organizationId as OrganizationId | undefined // any text: looked up below
  const webhook: Webhook = {
    id,
    ...(organizationId ? { organizationId } : {}),
    url: checkReceiverUrl(input.url, services.deployment.webhooks).href,
    eventTypes: checkEventTypes(input.eventTypes ?? []),
    secrets: [stored],
    status: 'on',
    createdAt: at,
    updatedAt: at,
  }
  const create = async (transaction: StorageTransaction) => {
    if (organizationId && !(await transaction.findOrganization(organizationId))) {
      throw new EntradaError('record_not_found', { parameter: 'organizationId' })
    }
    await checkRoom(transaction, organizationId)
    await transaction.putWebhook(webhook)
    const event = {
      type: 'webhook.created',
      detail: { webhookId: id, host: hostOf(webhook) },
    } as const
    await audit(services, transaction, { caller, event, organizationId: webhook.organizationId })
  }
  const record = `webhooks of ${organizationId ?? 'the deployment'}`
  await changeAtomically(services, caller, create, { scope: { record } })
  return { webhook, secret }
}

/** Checks that another webhook may be created. @throws {EntradaError} `too_many_webhooks` */
async function checkRoom(
  transaction: StorageTransaction,
  organizationId: OrganizationId | undefined,
): Promise<void> {
  const most = organizationId ? MOST_OF_ORGANIZATION : MOST_OF_DEPLOYMENT
  if ((await transaction.countWebhooks(organizationId)) < most) return
  throw new EntradaError('too_many_webhooks', { most })
}

/**
 * Changes address, types or status. A webhook that is turned on again receives events from then on.
 *
 * @throws {EntradaError} those of {@link createWebhook}, and `webhook_without_secret`
 */
export async function changeWebhook(
  services: ChangeServices & Pick<Services, 'deployment'>,
  caller: AdminCaller,
  {
    id,
    change,
    check,
  }: {
    readonly id: string
    readonly change: Partial<Pick<Webhook, 'url' | 'eventTypes' | 'status'>>
    /** Receives the webhook as it is inside the transaction, and may refuse by throwing. */
    readonly check?: (before: Webhook) => void
  },
): Promise<Webhook> {
  return updateWebhook(services, caller, id, (webhook) => {
    check?.(webhook)
    const hasSecret = webhook.secrets.some(({ endsAt }) => endsAt === undefined)
    if (change.status === 'on' && !hasSecret) throw new EntradaError('webhook_without_secret')
    const { offBecause: _, ...before } = webhook
    return {
      ...before,
      ...change,
      url: checkReceiverUrl(change.url ?? before.url, services.deployment.webhooks).href,
      eventTypes: checkEventTypes(change.eventTypes ?? before.eventTypes),
      ...((change.status ?? before.status) === 'off' ? { offBecause: 'operator' } : {}),
    }
  })
}

/** Creates a new secret that signs from now on. The previous one also signs for one more day. */
export async function rotateWebhookSecret(
  services: ChangeServices & Pick<Services, 'keyRing'>,
  caller: AdminCaller,
  id: string,
): Promise<WebhookWithSecret> {
  const { stored, secret } = freshSecret(services, id as WebhookId) // any text: looked up inside
  const endsAt = new Date(services.now().getTime() + OLD_SECRET_LIFETIME_MS)
  const webhook = await updateWebhook(services, caller, id, (before) => ({
    ...before,
    secrets: [stored, ...before.secrets.map((old) => ({ endsAt, ...old }))].slice(0, MOST_SECRETS),
  }))
  return { webhook, secret }
}

/** Removes a webhook and audits it. @throws {EntradaError} `record_not_found` */
export async function removeWebhook(
  services: ChangeServices,
  caller: AdminCaller,
  id: string,
): Promise<void> {
  const remove = async (transaction: StorageTransaction) => {
    const webhook = await getWebhook(transaction, id)
    await transaction.removeWebhook(webhook.id)
    const event = { type: 'webhook.removed', detail: { webhookId: webhook.id } } as const
    await audit(services, transaction, { caller, event, organizationId: webhook.organizationId })
  }
  await changeAtomically(services, caller, remove, { scope: { record: id } })
}

/** Returns the webhook with this id. @throws {EntradaError} `record_not_found` */
export async function getWebhook(
  reader: Pick<StorageTransaction, 'findWebhook'>,
  id: string,
): Promise<Webhook> {
  return found(await reader.findWebhook(id as WebhookId)) // any text: an unknown one finds nothing
}

/** Turns a webhook off after its deliveries have failed: the receiver is gone, or accepted nothing for days. */
export async function turnOffWebhook(
  services: ChangeServices & Pick<Services, 'log'>,
  id: WebhookId,
  offBecause: NonNullable<Webhook['offBecause']>,
): Promise<void> {
  const turnOff = async (transaction: StorageTransaction) => {
    const before = await transaction.findWebhook(id)
    if (before?.status !== 'on') return
    const webhook = { ...before, status: 'off', offBecause, updatedAt: services.now() } as const
    await transaction.putWebhook(webhook)
    const detail = { webhookId: id, because: offBecause }
    const caller = { actor: { kind: 'system' } } as const
    await audit(services, transaction, {
      caller,
      organizationId: webhook.organizationId,
      event: { type: 'webhook.turned_off', detail },
    })
  }
  await services.storage.atomically(turnOff, { scope: { record: id } })
  services.log.error('webhook_turned_off', { webhook: id, because: offBecause })
}

/** Opens the secrets that have not expired. @throws {EntradaError} `sealed_value_invalid`, `secret_key_missing` */
export function openSecrets(
  services: Pick<Services, 'keyRing'>,
  { id, secrets }: Webhook,
  at: Date,
): readonly string[] {
  return secrets
    .filter(({ endsAt }) => endsAt === undefined || endsAt > at)
    .map((secret) => services.keyRing.open('webhook-secret', secret.sealed, boundTo(id, secret.id)))
}

/** Returns the webhook with its secrets sealed under the newest key, and how many were sealed under an older one. */
export function resealWebhook(
  { keyRing }: Pick<Services, 'keyRing'>,
  webhook: Webhook,
): { readonly webhook: Webhook; readonly resealed: number } {
  let resealed = 0
  const secrets = webhook.secrets.map((secret) => {
    if (keyRing.isNewest(secret.sealed)) return secret
    resealed += 1
    const place = boundTo(webhook.id, secret.id)
    const text = keyRing.open('webhook-secret', secret.sealed, place)
    return { ...secret, sealed: keyRing.seal('webhook-secret', text, place) }
  })
  return { webhook: { ...webhook, secrets }, resealed }
}

async function updateWebhook(
  services: ChangeServices,
  caller: AdminCaller,
  id: string,
  update: (before: Webhook) => Webhook,
): Promise<Webhook> {
  const updated = async (transaction: StorageTransaction) => {
    const before = await getWebhook(transaction, id)
    const webhook = { ...update(before), updatedAt: services.now() }
    const members = (['url', 'eventTypes', 'secrets', 'status'] as const).filter(
      (member) => JSON.stringify(before[member]) !== JSON.stringify(webhook[member]),
    )
    if (members.length === 0) return before
    await transaction.putWebhook(webhook)
    const event = { type: 'webhook.changed', detail: { webhookId: webhook.id, members } } as const
    await audit(services, transaction, { caller, event, organizationId: webhook.organizationId })
    return webhook
  }
  return changeAtomically(services, caller, updated, { scope: { record: id } })
}

function freshSecret(
  services: Pick<Services, 'keyRing' | 'now' | 'randomBytes'>,
  webhookId: WebhookId,
) {
  const secret = newWebhookSecret(services.randomBytes)
  const id = newId(services, 'sec')
  const sealed = services.keyRing.seal('webhook-secret', secret, boundTo(webhookId, id))
  const stored: WebhookSecret = { id, sealed, createdAt: services.now() }
  return { stored, secret }
}

function boundTo(webhookId: string, secretId: string): string {
  return `webhooks.secrets:${webhookId}:${secretId}`
}

function checkEventTypes(types: readonly string[]): readonly string[] {
  const unknown = types.find((type) => !Object.hasOwn(auditEventTypes, type))
  if (unknown !== undefined) throw new EntradaError('request_invalid', { parameter: 'eventTypes' })
  return [...new Set(types)]
}

function hostOf({ url }: Webhook): string {
  return new URL(url).host
}

/** Creates a secret: `whsec_` and 32 random bytes in base64. It is shown only once. */
function newWebhookSecret(randomBytes: (count: number) => Uint8Array): string {
  return `whsec_${Buffer.from(randomBytes(32)).toString('base64')}`
}
