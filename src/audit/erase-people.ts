/**
 * Erases removed people from the audit trail in batches of events, and keeps the chain verifiable: a linked event is verified once
 * more, then its personal values are removed, and a signature covers what is left of it.
 */
import type { Services } from '../services.ts'
import type { ErasableAuditEvent, ErasureDue } from '../storage/erasure-storage.ts'
import type { AuditEventId } from '../storage/records.ts'
import type { AuditChain } from '../storage/storage.ts'
import { audit } from './audit.ts'
import {
  checkErasureOrder,
  checkLinkSignature,
  isAsWritten,
  isErasureValid,
  newErasure,
} from './audit-chain.ts'
import { findVouchedHash } from './find-vouched-hash.ts'
import { withoutPerson } from './personal-members.ts'

/** Events per transaction, which takes some milliseconds. */
const STRETCH = 500

/** Erases one batch. Returns whether anything was done, so that the caller continues. */
export async function eraseStretch(services: Services): Promise<boolean> {
  const vouchedHashes = new Map<number, string | undefined>()
  for (;;) {
    const worked = await services.storage.withAuditChain(async (chain) => {
      const due = await chain.findErasureDue()
      if (due === undefined) return { isDone: false }
      const unsure = await eraseFrom(services, chain, { due, vouchedHashes })
      return { isDone: true, unsure }
    })
    if (worked === 'busy') return false
    if (worked.unsure === undefined) return worked.isDone
    // This runs outside of the transaction, because the next signed link may be far away.
    vouchedHashes.set(worked.unsure, await findVouchedHash(services, worked.unsure))
  }
}

type Erasing = {
  readonly due: ErasureDue
  /** Hashes by sequence, for links whose own key is not in the ring. `undefined` means that no later signature covers the link. */
  readonly vouchedHashes: ReadonlyMap<number, string | undefined>
}

/** Returns the sequence of a link for which the caller must first find out whether a later signature covers it. */
async function eraseFrom(
  services: Services,
  chain: AuditChain,
  erasing: Erasing,
): Promise<number | undefined> {
  const { due } = erasing
  if (checkErasureOrder(services, due) !== 'valid') return refuseOrder(services, chain, due)
  const events = await chain.listErasableEvents(due.after, STRETCH)
  for (const erasable of events) {
    const unsure = await eraseEvent(services, { chain, erasable, ...erasing })
    if (unsure !== undefined) return unsure
  }
  const last = events.at(-1)
  if (last !== undefined && events.length === STRETCH) {
    await chain.continueErasure(due.userId, last.event.id)
    return undefined
  }
  await chain.finishErasure(due.userId)
  await audit(
    services,
    { appendAuditEvent: chain.append },
    {
      caller: { actor: { kind: 'system' } },
      event: { type: 'user.erased', detail: {} },
      userId: due.userId,
    },
  )
  return undefined
}

/**
 * An order that was not signed by a removal in Entrada erases nothing. Otherwise a person who can write to the database could
 * remove evidence.
 */
async function refuseOrder(
  services: Pick<Services, 'log' | 'metrics'>,
  chain: AuditChain,
  { userId }: ErasureDue,
): Promise<undefined> {
  await chain.finishErasure(userId)
  services.metrics.count('entrada_audit_chain_broken_total', undefined)
  services.log.error('erasure_order_not_ours', { userId })
}

/** An event that was altered after it was linked is left unchanged, because erasing it would sign the alteration. */
async function eraseEvent(
  services: Pick<Services, 'keyRing' | 'sha256'>,
  {
    chain,
    due,
    vouchedHashes,
    erasable: { event, link, hashBefore },
  }: Erasing & { readonly chain: AuditChain; readonly erasable: ErasableAuditEvent },
): Promise<number | undefined> {
  const erased = withoutPerson(event, due)
  if (erased === undefined) return undefined
  if (link === undefined) {
    await chain.replaceAuditEvent(erased, () => undefined)
    return undefined
  }
  const { sequence } = link
  const before = hashBefore ?? cutHashBefore(chain, sequence)
  if (before === undefined) return undefined
  if (!isAsWritten(services, { sequence: sequence - 1, hash: before }, link)) return undefined
  const signature = checkLinkSignature(services.keyRing, link)
  if (signature === 'key_missing' && !vouchedHashes.has(sequence)) return sequence
  const isVouched = signature === 'valid' || vouchedHashes.get(sequence) === link.hash
  // A person who can write to the database can compute the hash of a changed event, but cannot sign it.
  if (signature === 'forged' || !isVouched) return undefined
  const { eventId, hash } = link
  await chain.replaceAuditEvent(erased, (content) =>
    newErasure(services, { eventId, hash, hashBefore: before }, services.sha256(content)),
  )
  return undefined
}

function cutHashBefore({ head }: AuditChain, sequence: number): string | undefined {
  return head && sequence === head.cutSequence + 1 ? head.cutHash : undefined
}

const ERASURES_AT_ONCE = 200

/**
 * Signs every erasure again under the newest key of the ring, after a rotation, and returns how many there were. An erasure whose
 * signature cannot be checked stays as it is, and verification reports it.
 */
export async function signErasuresAgain(
  services: Pick<Services, 'keyRing' | 'storage'>,
): Promise<number> {
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
  services: Pick<Services, 'keyRing'>,
  chain: AuditChain,
  { keyId, after }: { readonly keyId: string; readonly after: AuditEventId | '' },
): Promise<SignedBatch> {
  const stale = await chain.listErasuresToSign({ keyId, after, limit: ERASURES_AT_ONCE })
  let signed = 0
  for (const { eventId, hash, sequence, hashBefore: kept, erasure } of stale) {
    const hashBefore = kept ?? cutHashBefore(chain, sequence)
    if (hashBefore === undefined) continue
    const place = { eventId, hash, hashBefore }
    if (!isErasureValid(services, place, erasure)) continue
    await chain.signErasure(eventId, newErasure(services, place, erasure.contentHash).signature)
    signed += 1
  }
  return { signed, last: stale.at(-1)?.eventId }
}
