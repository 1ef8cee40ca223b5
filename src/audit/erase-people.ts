/**
 * Erases removed people from the audit trail, a stretch of events at a time, and keeps the chain verifiable: an event that was
 * linked is looked at once more, then its personal values go, and a signature vouches for what is left of it.
 */
import type { Services } from '../services.ts'
import type { ErasableAuditEvent, ErasureDue } from '../storage/erasure-storage.ts'
import type { AuditEventId } from '../storage/records.ts'
import type { AuditChain } from '../storage/storage.ts'
import { isAsWritten, isErasureValid, newErasure } from './audit-chain.ts'
import { auditRecord, outboxOptions } from './audit-events.ts'
import { withoutPerson } from './personal-members.ts'

/** Events looked at in one transaction: some milliseconds. */
const STRETCH = 500

/** Returns whether anything was done, so that the caller goes on. */
export async function eraseStretch(services: Services): Promise<boolean> {
  const worked = await services.storage.withAuditChain(async (chain) => {
    const due = await chain.findErasureDue()
    if (due === undefined) return false
    await eraseFrom(services, chain, due)
    return true
  })
  return worked === true
}

async function eraseFrom(services: Services, chain: AuditChain, due: ErasureDue): Promise<void> {
  const events = await chain.listErasableEvents(due.after, STRETCH)
  for (const erasable of events) await eraseEvent(services, { chain, due, erasable })
  const last = events.at(-1)
  if (last !== undefined && events.length === STRETCH) {
    await chain.continueErasure(due.userId, last.event.id)
    return
  }
  await chain.finishErasure(due.userId)
  const event = { type: 'user.erased', detail: {} } as const
  const context = { actor: { kind: 'system' }, userId: due.userId } as const
  await chain.append(auditRecord(services, event, context), outboxOptions(services))
}

/** An event that somebody changed is left as it is: erasing it would vouch for the change. */
async function eraseEvent(
  services: Services,
  {
    chain,
    due,
    erasable: { event, link, hashBefore },
  }: {
    readonly chain: AuditChain
    readonly due: ErasureDue
    readonly erasable: ErasableAuditEvent
  },
): Promise<void> {
  const erased = withoutPerson(event, due)
  if (erased === undefined) return
  if (link === undefined) return chain.replaceAuditEvent(erased, () => undefined)
  const { cutSequence = 0, cutHash = '' } = chain.head ?? {}
  const hash = hashBefore ?? (link.sequence === cutSequence + 1 ? cutHash : undefined)
  if (hash === undefined) return
  const before = { sequence: link.sequence - 1, hash }
  if (!isAsWritten(services, before, link)) return
  await chain.replaceAuditEvent(erased, (content) =>
    newErasure(services, event.id, services.sha256(content)),
  )
}

const ERASURES_AT_ONCE = 200

/**
 * Vouches for every erasure under the first key of the ring, after a rotation, and returns how many there were. One that nobody here
 * can vouch for stays as it is, and verification reports it.
 */
export async function signErasuresAgain(services: Services): Promise<number> {
  const [keyId = ''] = services.keyRing.keyIds
  let count = 0
  let after: AuditEventId | '' | undefined = ''
  while (after !== undefined) {
    const from: AuditEventId | '' = after
    const batch: SignedBatch | 'busy' = await services.storage.withAuditChain((chain) =>
      signBatch(services, chain, { keyId, after: from }),
    )
    if (batch === 'busy') continue
    count += batch.signed
    after = batch.last
  }
  return count
}

type SignedBatch = { readonly signed: number; readonly last: AuditEventId | undefined }

async function signBatch(
  services: Services,
  chain: AuditChain,
  { keyId, after }: { readonly keyId: string; readonly after: AuditEventId | '' },
): Promise<SignedBatch> {
  const stale = await chain.listErasuresToSign({ keyId, after, limit: ERASURES_AT_ONCE })
  let signed = 0
  for (const { eventId, erasure } of stale) {
    if (!isErasureValid(services, eventId, erasure)) continue
    await chain.signErasure(eventId, newErasure(services, eventId, erasure.contentHash).signature)
    signed += 1
  }
  return { signed, last: stale.at(-1)?.eventId }
}
