/**
 * Changes to the audit chain. Each step checks the head first, so that Entrada never builds on something that was tampered with.
 */
import { EntradaError } from '../errors/errors.ts'
import type { KeyRing } from '../keys/key-ring.ts'
import type { Services } from '../services.ts'
import type { AuditChainHead, AuditEventId, AuditLink } from '../storage/records.ts'
import type { AuditChain } from '../storage/storage.ts'
import { type AuditCaller, audit, type ChangeServices } from './audit.ts'
import {
  type ChainPlace,
  checkHead,
  checkLinkSignature,
  type HeadCheck,
  isAsWritten,
  newLink,
  signHead,
} from './audit-chain.ts'

type Parts = Pick<Services, 'storage' | 'keyRing' | 'sha256'>

/** Why nothing may be added: the head is wrong, or a link that the head or this process remembers. */
export type ChainFault = {
  readonly reason:
    | Exclude<HeadCheck, 'valid' | 'unused'>
    | 'went_back'
    | 'changed'
    | 'event_missing'
    | 'link_missing'
  readonly sequence: number
}
export type ChainStep =
  | { readonly kind: 'busy' }
  | { readonly kind: 'broken'; readonly fault: ChainFault }
  | { readonly kind: 'done'; readonly head: AuditChainHead; readonly count: number }

const BATCH = 100
const TRIES = 40
const PAUSE_MS = 50

/**
 * Links a batch of waiting events. `seen` is a place that this process has read in a signed head; it reveals that the database was
 * put back to an older state.
 */
export function linkEvents(parts: Parts, seen: ChainPlace | undefined): Promise<ChainStep> {
  return step(parts, seen, async (chain, head) => {
    const events = await chain.listUnlinked(BATCH)
    if (events.length === 0) return { head, count: 0 }
    const links: AuditLink[] = []
    for (const event of events) links.push(newLink(parts, links.at(-1) ?? head, event))
    await chain.putLinks(links)
    const { sequence, hash } = links.at(-1) ?? head
    const next = signHead(parts, { ...head, sequence, hash })
    await chain.putHead(next)
    return { head: next, count: links.length }
  })
}

/**
 * Removes the events older than `before` that are linked and delivered, and signs where the chain begins now. The removed events
 * are verified once more, so that a change does not disappear with them.
 */
export function cutChain(parts: Parts, before: Date): Promise<ChainStep> {
  return step(parts, undefined, async (chain, head) => {
    const cut = await findCut(parts, { chain, head, before })
    if ('reason' in cut) return cut
    const count = cut.sequence - head.cutSequence
    if (count === 0) return { head, count }
    await chain.removeUpTo(cut.sequence)
    const next = signHead(parts, { ...head, cutSequence: cut.sequence, cutHash: cut.hash })
    await chain.putHead(next)
    return { head: next, count }
  })
}

/** Signs the head again under the newest key of the ring, after a rotation. */
export function resignHead(parts: Parts): Promise<ChainStep> {
  return patientStep(parts, async (chain, head) => {
    const next = signHead(parts, head)
    await chain.putHead(next)
    return { head: next, count: 0 }
  })
}

/**
 * Starts a new chain after the existing events when the old one cannot continue: its key was lost, or it was tampered with and an
 * operator has looked into it. Earlier links are given up. The first event of the new chain records who did this and why.
 *
 * @throws {EntradaError} `storage_unavailable` when another process works on the chain
 */
export async function restartChain(
  services: ChangeServices & Pick<Services, 'keyRing' | 'sha256'>,
  caller: AuditCaller,
  reason: string,
): Promise<AuditChainHead> {
  const { storage, now } = services
  const head = await borrow(services, async (chain) => {
    const sequence = await chain.lastSequence()
    const hash = services.sha256(`begun behind ${sequence} at ${now().toISOString()}`)
    const cut = { cutSequence: sequence, cutHash: hash }
    const next = signHead(services, { beganAt: now(), sequence, hash, ...cut })
    await chain.putHead(next)
    return next
  })
  await gatherStrays(services)
  const detail = { reason, behind: head.sequence }
  const event = { type: 'audit_chain.restarted', detail } as const
  await storage.atomically((transaction) => audit(services, transaction, { caller, event }), {
    scope: 'nothing',
  })
  return head
}

/**
 * Events that never entered the old chain enter the new one; events that vanished before they were linked are no longer waited for.
 */
async function gatherStrays(services: Pick<Services, 'storage'>): Promise<void> {
  const { storage } = services
  for (let after = ''; ; ) {
    const places = await storage.listAuditEventPlaces(after, BATCH)
    const strays = places.filter(({ place }) => place === 'nowhere').map(({ id }) => id)
    if (strays.length > 0) await borrow(services, (chain) => chain.note(strays))
    after = places.at(-1)?.id ?? after
    if (places.length < BATCH) break
  }
  for (let vanished = await storage.listVanishedEvents(BATCH); vanished.length > 0; ) {
    const gone = vanished
    await borrow(services, (chain) => chain.forget(gone))
    vanished = await storage.listVanishedEvents(BATCH)
  }
}

/** Waits until no other process works on the chain, which never takes long. @throws {EntradaError} `storage_unavailable` */
async function borrow<T>(
  { storage }: Pick<Services, 'storage'>,
  work: (chain: AuditChain) => Promise<T>,
): Promise<T> {
  for (let left = TRIES; left > 0; left -= 1) {
    const worked = await storage.withAuditChain(work)
    if (worked !== 'busy') return worked
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS))
  }
  throw new EntradaError('storage_unavailable', { reason: 'audit_chain_busy' })
}

type Worked = { readonly head: AuditChainHead; readonly count: number } | ChainFault
type ChainWork = (chain: AuditChain, head: AuditChainHead) => Promise<Worked>

async function step(
  { storage, keyRing }: Parts,
  seen: ChainPlace | undefined,
  work: ChainWork,
): Promise<ChainStep> {
  return toStep(await storage.withAuditChain(guarded(keyRing, seen, work)))
}

async function patientStep(parts: Parts, work: ChainWork): Promise<ChainStep> {
  return toStep(await borrow(parts, guarded(parts.keyRing, undefined, work)))
}

function guarded(keyRing: KeyRing, seen: ChainPlace | undefined, work: ChainWork) {
  return async (chain: AuditChain): Promise<Worked> => {
    const { head } = chain
    const checked = checkHead(keyRing, head)
    if (head === undefined) return { reason: 'missing', sequence: 0 }
    if (checked !== 'valid' && checked !== 'unused') {
      return { reason: checked as ChainFault['reason'], sequence: head.sequence } // `missing` is handled above
    }
    return (await findRollback(chain, head, seen)) ?? work(chain, head)
  }
}

function toStep(worked: Worked | 'busy'): ChainStep {
  if (worked === 'busy') return { kind: 'busy' }
  if ('reason' in worked) return { kind: 'broken', fault: worked }
  return { kind: 'done', ...worked }
}

/** Finds out whether the chain lacks something that this process has seen in it. */
async function findRollback(
  chain: AuditChain,
  head: AuditChainHead,
  seen: ChainPlace | undefined,
): Promise<ChainFault | undefined> {
  if (seen === undefined || head.beganAt > seen.beganAt) return undefined
  const { sequence } = seen
  if (head.beganAt < seen.beganAt || head.sequence < sequence) {
    return { reason: 'went_back', sequence: head.sequence }
  }
  if (sequence <= head.cutSequence) return undefined
  const [link] = await chain.listLinks(sequence - 1, 1)
  return link?.sequence === sequence && link.hash === seen.hash
    ? undefined
    : { reason: 'changed', sequence }
}

async function findCut(
  parts: Parts,
  { chain, head, before }: { chain: AuditChain; head: AuditChainHead; before: Date },
): Promise<Pick<AuditLink, 'sequence' | 'hash'> | ChainFault> {
  let cut = { sequence: head.cutSequence, hash: head.cutHash }
  const links = await chain.listLinks(cut.sequence, BATCH)
  const waiting = await waitingOf(chain, links)
  for (const link of links.filter(({ sequence }) => sequence <= head.sequence)) {
    const { sequence, event, eventId, hash } = link
    if (sequence !== cut.sequence + 1) {
      return { reason: 'link_missing', sequence: cut.sequence + 1 }
    }
    if (event === undefined) return { reason: 'event_missing', sequence }
    if (event.at >= before || waiting.has(eventId)) break
    if (!isAsWritten(parts, cut, link)) return { reason: 'changed', sequence }
    if (checkLinkSignature(parts.keyRing, link) === 'forged') return { reason: 'forged', sequence }
    cut = { sequence, hash }
  }
  return cut
}

function waitingOf(
  chain: AuditChain,
  links: readonly AuditLink[],
): Promise<ReadonlySet<AuditEventId>> {
  const ids = links.map(({ eventId }) => eventId)
  return ids.length === 0 ? Promise.resolve(new Set()) : chain.whichWaitInOutbox(ids)
}
