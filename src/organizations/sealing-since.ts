import { audit, type ChangeServices } from '../audit/audit.ts'
import type { Services } from '../services.ts'
import type { Actor } from '../storage/records.ts'

/** Sign-ins under way and pages that stay open were sealed under the previous key for at most this long. */
const SEALED_OUTSIDE_MS = 60 * 60 * 1000

/**
 * Returns when no browser needs a previous key any more: an hour after the first rotation to the current first key. The time of
 * that rotation is read from the audit trail, or recorded there now.
 */
export async function formerKeysNeededUntil(
  services: ChangeServices & Pick<Services, 'keyRing'>,
  actor: Actor,
): Promise<Date> {
  const since = (await findSealingSince(services)) ?? (await noteSealingKey(services, actor))
  return new Date(since.getTime() + SEALED_OUTSIDE_MS)
}

async function findSealingSince({
  storage,
  keyRing,
}: Pick<Services, 'keyRing' | 'storage'>): Promise<Date | undefined> {
  const { items } = await storage.listAuditEvents({ type: 'key_ring.key_in_front' }, { limit: 1 })
  const [newest] = items
  return newest?.detail.keyId === keyRing.keyIds[0] ? newest?.at : undefined
}

async function noteSealingKey(
  services: ChangeServices & Pick<Services, 'keyRing'>,
  actor: Actor,
): Promise<Date> {
  const detail = { keyId: services.keyRing.keyIds[0] ?? '' }
  const event = { type: 'key_ring.key_in_front', detail } as const
  const { at } = await services.storage.atomically(
    (transaction) => audit(services, transaction, { caller: { actor }, event }),
    { scope: 'nothing' },
  )
  return at
}
