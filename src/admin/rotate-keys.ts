import { type Audited, type AuditServices, audit, type ChangeServices } from '../audit/audit.ts'
import { eraseStretch, signErasuresAgain } from '../audit/erase-people.ts'
import { resignHead } from '../audit/extend-audit-chain.ts'
import { lockConnection } from '../connections/lock-connection.ts'
import { resealCredentials } from '../connections/sealed-credentials.ts'
import { formerKeysNeededUntil } from '../organizations/sealing-since.ts'
import { resealUsernameKey } from '../provisioning/retired-usernames.ts'
import type { Services } from '../services.ts'
import { openGrant, sealGrant } from '../session/session-grant.ts'
import type { Actor, ConnectionId } from '../storage/records.ts'
import type { StorageTransaction } from '../storage/storage.ts'
import type { WebhookId } from '../storage/webhook-records.ts'
import { resealWebhook } from '../webhooks/webhooks.ts'

const GRANTS_AT_ONCE = 200

export type KeyRotation = {
  /** The key that seals everything now. */
  readonly sealingKeyId: string
  readonly resealed: number
  /** The keys of the ring, and all keys that seal a value, each with the number of values. */
  readonly keys: readonly KeyUse[]
  /**
   * `signed` means that the end of the audit chain is signed under the sealing key too. If the chain is broken, nothing is added to
   * it.
   */
  readonly auditChain: 'signed' | 'broken'
}

export type KeyUse = {
  readonly keyId: string
  readonly values: number
  /** When the key may be removed from the ring; absent for the first key and while values are sealed under it. */
  readonly removableFrom?: Date
}

/**
 * Seals all values that are sealed under an older key again under the first one, each record in a transaction of its own. It may be
 * interrupted, run again, and run while servers use the same keys.
 *
 * @throws {EntradaError} `sealed_value_invalid`, `secret_key_missing`; that record is then unchanged
 */
export async function rotateKeys(services: Services, actor: Actor): Promise<KeyRotation> {
  const { storage, keyRing } = services
  let resealed = 0
  for (const id of await storage.listConnectionIds()) {
    resealed += await rotateConnection(services, actor, id)
  }
  for (const id of await storage.listWebhookIds()) {
    resealed += await rotateWebhook(services, actor, id)
  }
  resealed += await rotateUsernameKey(services, actor)
  resealed += await rotateGrants(services, actor)
  const counts = await storage.countSealedValues()
  const keyIds = [...new Set([...keyRing.keyIds, ...Object.keys(counts)])]
  const [sealingKeyId = ''] = keyRing.keyIds
  const removableFrom = await formerKeysNeededUntil(services, actor)
  const keys = keyIds.map((keyId): KeyUse => {
    const values = counts[keyId] ?? 0
    const isDone = keyId !== sealingKeyId && values === 0
    return { keyId, values, ...(isDone ? { removableFrom } : {}) }
  })
  const { kind } = await resignHead(services)
  await signErasuresAgain(services)
  // Erasure orders are signed too. After they are carried out, none of them needs the previous key.
  while (await eraseStretch(services));
  const auditChain = kind === 'done' ? 'signed' : 'broken'
  return { sealingKeyId, resealed, keys, auditChain }
}

/** The record is read again inside the transaction, so that a concurrent change is kept. */
async function rotateConnection(
  services: ChangeServices & Pick<Services, 'keyRing'>,
  actor: Actor,
  connectionId: ConnectionId,
): Promise<number> {
  const rotate = async (transaction: StorageTransaction) => {
    const current = await lockConnection(transaction, connectionId)
    if (current === undefined) return 0
    const { connection, resealed } = resealCredentials(services.keyRing, current)
    if (resealed === 0) return 0
    await transaction.putConnection(connection)
    await auditRotation(services, transaction, { resealed, actor, connectionId })
    return resealed
  }
  return services.storage.atomically(rotate, { scope: 'nothing' })
}

async function rotateWebhook(
  services: ChangeServices & Pick<Services, 'keyRing'>,
  actor: Actor,
  id: WebhookId,
): Promise<number> {
  const rotate = async (transaction: StorageTransaction) => {
    const current = await transaction.findWebhook(id)
    if (current === undefined) return 0
    const { webhook, resealed } = resealWebhook(services, current)
    if (resealed === 0) return 0
    await transaction.putWebhook(webhook)
    const { organizationId } = webhook
    await auditRotation(services, transaction, { resealed, actor, organizationId })
    return resealed
  }
  return services.storage.atomically(rotate, { scope: { record: id } })
}

async function rotateUsernameKey(
  services: ChangeServices & Pick<Services, 'keyRing'>,
  actor: Actor,
): Promise<number> {
  return services.storage.atomically(async (transaction) => {
    if (!(await resealUsernameKey(services, transaction))) return 0
    await auditRotation(services, transaction, { resealed: 1, actor })
    return 1
  })
}

/**
 * There are as many grants as sessions, so they are sealed in batches and audited as one change. A sign-out in between removes its
 * grant.
 */
async function rotateGrants(
  services: ChangeServices & Pick<Services, 'keyRing'>,
  actor: Actor,
): Promise<number> {
  const { storage, keyRing } = services
  const [newest = ''] = keyRing.keyIds
  let resealed = 0
  for (;;) {
    const grants = await storage.listGrantsToReseal(newest, GRANTS_AT_ONCE)
    if (grants.length === 0) break
    const again = grants.map(({ sessionId, sealed }) => ({
      sessionId,
      from: sealed,
      to: sealGrant(keyRing, sessionId, openGrant(keyRing, { sessionId, sealed })),
    }))
    const reseal = async (transaction: StorageTransaction) => {
      for (const { sessionId, from, to } of again) {
        await transaction.resealSessionGrant(sessionId, from, to)
      }
    }
    // Each statement writes only what it still finds sealed as before.
    await storage.atomically(reseal, { scope: 'nothing' })
    resealed += grants.length
  }
  if (resealed > 0) {
    await storage.atomically(
      (transaction) => auditRotation(services, transaction, { resealed, actor }),
      { scope: 'nothing' },
    )
  }
  return resealed
}

async function auditRotation(
  services: AuditServices,
  transaction: StorageTransaction,
  {
    resealed,
    ...rotated
  }: Pick<Audited, 'organizationId' | 'connectionId'> & {
    readonly resealed: number
    readonly actor: Actor
  },
): Promise<void> {
  const event = { type: 'key_ring.rotated', detail: { resealed } } as const
  const { actor, ...context } = rotated
  await audit(services, transaction, { caller: { actor }, event, ...context })
}
