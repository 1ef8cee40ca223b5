/**
 * Gives up a lost key of the key ring: only what that key alone can open is dropped, so that the server starts again. The result
 * lists what has to be entered or signed again.
 */

import { type Audited, type AuditServices, audit } from '../audit/audit.ts'
import type { AuditEvent } from '../audit/audit-events.ts'
import { lockConnection } from '../connections/lock-connection.ts'
import { EntradaError } from '../errors/errors.ts'
import { keyIdOfSealed } from '../keys/key-ring.ts'
import type { Services } from '../services.ts'
import type { Actor, Connection, ConnectionId } from '../storage/records.ts'
import type { StorageTransaction } from '../storage/storage.ts'
import { RETIRED_USERNAMES_KEY } from '../storage/username-storage.ts'
import type { Webhook, WebhookId } from '../storage/webhook-records.ts'

const SESSIONS_AT_ONCE = 200

export type LostValues = {
  readonly keyId: string
  readonly connections: readonly {
    readonly id: ConnectionId
    readonly name: string
    /** Credentials that only the lost key opens. */
    readonly credentials: number
    /** Remaining credentials in use. Without one, no user can sign in through the connection. */
    readonly left: number
  }[]
  readonly webhooks: readonly { readonly id: WebhookId; readonly url: string }[]
  /** Sessions that can no longer be rechecked against Entra. */
  readonly sessions: number
  /** Whether this key protects usernames of removed members from being given again. */
  readonly retiredUsernames: boolean
}

/**
 * Finds what {@link forgetKey} would drop. Changes nothing.
 *
 * @throws {EntradaError} `key_is_held`: the ring has the key, so nothing has to be given up
 */
export async function findLostValues(
  { storage, keyRing }: Pick<Services, 'keyRing' | 'storage'>,
  keyId: string,
): Promise<LostValues> {
  if (keyRing.keyIds.includes(keyId)) throw new EntradaError('key_is_held', { keyId })
  const connections: LostValues['connections'][number][] = []
  for (const id of await storage.listConnectionIds()) {
    const connection = await storage.findConnection(id)
    const lost = connection && withoutKey(connection, keyId)
    if (lost && lost.dropped > 0) connections.push(describeConnection(lost))
  }
  const webhooks: LostValues['webhooks'][number][] = []
  for (const id of await storage.listWebhookIds()) {
    const webhook = await storage.findWebhook(id)
    if (webhook && secretsUnder(webhook, keyId) > 0) webhooks.push({ id, url: webhook.url })
  }
  const usernameKey = await storage.findSealedKey(RETIRED_USERNAMES_KEY)
  return {
    keyId,
    connections,
    webhooks,
    sessions: await storage.countGrantsSealedUnder(keyId),
    retiredUsernames: usernameKey !== undefined && keyIdOfSealed(usernameKey) === keyId,
  }
}

/**
 * Drops what only the lost key opens, each record in a transaction of its own. It may be interrupted and run again.
 *
 * @throws {EntradaError} `key_is_held`
 */
export async function forgetKey(
  services: Services,
  actor: Actor,
  keyId: string,
): Promise<LostValues> {
  const lost = await findLostValues(services, keyId)
  const forgetting = { services, actor, keyId }
  for (const { id } of lost.connections) await forgetInConnection(forgetting, id)
  for (const { id } of lost.webhooks) await forgetInWebhook(forgetting, id)
  if (lost.sessions > 0) await endUncheckedSessions(forgetting)
  if (lost.retiredUsernames) await forgetUsernameKey(forgetting)
  const { [keyId]: left = 0 } = await services.storage.countSealedValues()
  if (left > 0)
    throw new EntradaError('internal_error', { reason: 'key_not_forgotten', keyId, left })
  return lost
}

type Forgetting = {
  readonly services: Services
  readonly actor: Actor
  readonly keyId: string
}

type Trimmed = { readonly connection: Connection; readonly dropped: number }

function withoutKey(connection: Connection, keyId: string): Trimmed {
  const credentials = connection.credentials.filter(
    ({ sealed }) => sealed === undefined || keyIdOfSealed(sealed) !== keyId,
  )
  const dropped = connection.credentials.length - credentials.length
  return { connection: { ...connection, credentials }, dropped }
}

function describeConnection({ connection, dropped }: Trimmed) {
  const { id, name, credentials } = connection
  const left = credentials.filter(({ state }) => state === 'active').length
  return { id, name, credentials: dropped, left }
}

function secretsUnder({ secrets }: Webhook, keyId: string): number {
  return secrets.filter(({ sealed }) => keyIdOfSealed(sealed) === keyId).length
}

async function forgetInConnection(
  { services, actor, keyId }: Forgetting,
  connectionId: ConnectionId,
): Promise<void> {
  const forget = async (transaction: StorageTransaction) => {
    const stored = await lockConnection(transaction, connectionId)
    const { connection, dropped } = stored ? withoutKey(stored, keyId) : { dropped: 0 }
    if (connection === undefined || dropped === 0) return
    await transaction.putConnection({ ...connection, updatedAt: services.now() })
    const { organizationId } = connection
    const detail = { keyId, dropped, of: 'connection' } as const
    await auditForgotten(
      services,
      transaction,
      { caller: { actor }, organizationId, connectionId },
      detail,
    )
  }
  await services.storage.atomically(forget, { scope: 'nothing' })
}

/** Without a secret the webhook cannot sign, so it is turned off until it has a new one. */
async function forgetInWebhook(
  { services, actor, keyId }: Forgetting,
  webhookId: WebhookId,
): Promise<void> {
  const forget = async (transaction: StorageTransaction) => {
    const webhook = await transaction.findWebhook(webhookId)
    const dropped = webhook ? secretsUnder(webhook, keyId) : 0
    if (webhook === undefined || dropped === 0) return
    const secrets = webhook.secrets.filter(({ sealed }) => keyIdOfSealed(sealed) !== keyId)
    const isSilent = secrets.every(({ endsAt }) => endsAt !== undefined)
    const off = isSilent ? ({ status: 'off', offBecause: 'secret_lost' } as const) : {}
    await transaction.putWebhook({ ...webhook, secrets, ...off, updatedAt: services.now() })
    const { organizationId } = webhook
    const detail = { keyId, dropped, of: 'webhook', webhookId } as const
    await auditForgotten(services, transaction, { caller: { actor }, organizationId }, detail)
  }
  await services.storage.atomically(forget, { scope: { record: webhookId } })
}

/** A session that cannot be rechecked would outlive the account that it belongs to. */
async function endUncheckedSessions({ services, actor, keyId }: Forgetting): Promise<void> {
  const { storage } = services
  for (;;) {
    const grants = await storage.listGrantsSealedUnder(keyId, SESSIONS_AT_ONCE)
    if (grants.length === 0) return
    const end = async (transaction: StorageTransaction) => {
      for (const { sessionId } of grants) {
        await transaction.endSession(sessionId)
        await transaction.removeSessionGrant(sessionId)
      }
      const detail = { keyId, dropped: grants.length, of: 'sessions' } as const
      await auditForgotten(services, transaction, { caller: { actor } }, detail)
    }
    await storage.atomically(end, { scope: 'nothing' })
  }
}

async function forgetUsernameKey({ services, actor, keyId }: Forgetting): Promise<void> {
  await services.storage.atomically(async (transaction) => {
    await transaction.removeSealedKey(RETIRED_USERNAMES_KEY)
    await auditForgotten(
      services,
      transaction,
      { caller: { actor } },
      { keyId, dropped: 1, of: 'retired_usernames' },
    )
  })
}

async function auditForgotten(
  services: AuditServices,
  transaction: StorageTransaction,
  context: Omit<Audited, 'event'>,
  detail: Extract<AuditEvent, { type: 'key_ring.key_forgotten' }>['detail'],
): Promise<void> {
  const event = { type: 'key_ring.key_forgotten', detail } as const
  await audit(services, transaction, { ...context, event })
}
