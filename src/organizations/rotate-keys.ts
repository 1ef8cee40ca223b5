import { auditRecord, outboxOptions } from '../audit/audit-events.ts'
import { resignHead } from '../audit/extend-audit-chain.ts'
import type { Services } from '../services.ts'
import type { Actor, ConnectionId } from '../storage/records.ts'
import { resealCredentials } from './sealed-credentials.ts'

export type KeyRotation = {
  /** The key that everything is sealed under now. */
  readonly sealingKeyId: string
  readonly resealed: number
  /** Each key of the ring, and each that something is sealed under: how many values. */
  readonly keys: readonly { readonly keyId: string; readonly values: number }[]
  /** The end of the audit chain is signed under it too; or the chain is broken, and nothing of ours is put on it. */
  readonly auditChain: 'signed' | 'broken'
}

/**
 * Seals again under the first key what is sealed under another. One connection at a time, each in a transaction of its own: it may be
 * interrupted, run again, and run beside servers that hold the same keys.
 *
 * @throws {EntradaError} `sealed_value_invalid`, `secret_key_missing`, having left that connection as it was
 */
export async function rotateKeys(services: Services, actor: Actor): Promise<KeyRotation> {
  const { storage, keyRing } = services
  let resealed = 0
  for (const id of await storage.listConnectionIds()) {
    resealed += await rotateConnection(services, actor, id)
  }
  const counts = await storage.countSealedValues()
  const keyIds = [...new Set([...keyRing.keyIds, ...Object.keys(counts)])]
  const keys = keyIds.map((keyId) => ({ keyId, values: counts[keyId] ?? 0 }))
  const { kind } = await resignHead(services)
  const auditChain = kind === 'done' ? 'signed' : 'broken'
  return { sealingKeyId: keyRing.keyIds[0] ?? '', resealed, keys, auditChain }
}

/** Read again inside: what somebody changed meanwhile is kept. */
async function rotateConnection(
  services: Services,
  actor: Actor,
  connectionId: ConnectionId,
): Promise<number> {
  return services.storage.atomically(async (transaction) => {
    const known = await transaction.findConnection(connectionId)
    if (known === undefined) return 0
    const { connection, resealed } = resealCredentials(services.keyRing, known)
    if (resealed === 0) return 0
    await transaction.putConnection(connection)
    const event = { type: 'key_ring.rotated', detail: { resealed } } as const
    const record = auditRecord(services, event, { actor, connectionId })
    await transaction.appendAuditEvent(record, outboxOptions(services))
    return resealed
  })
}
