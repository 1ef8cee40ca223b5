/**
 * Finds changes in the audit trail that Entrada did not make, one stretch at a time, and returns the first place. Changes nothing.
 */
import type { SignatureCheck } from '../keys/key-ring.ts'
import type { Services } from '../services.ts'
import type {
  AuditChainHead,
  AuditEventId,
  AuditLink,
  ChainedAuditEvent,
} from '../storage/records.ts'
import { type ChainPlace, checkHead, checkLinkSignature, isAsWritten } from './audit-chain.ts'

export type AuditProblem = {
  readonly reason:
    | 'head_missing' // the row that records where the chain ends is missing
    | 'head_forged' // it was signed without our keys
    | 'head_key_missing' // it is signed under a key that is not in the ring
    | 'went_back' // an older state has replaced a newer one
    | 'link_missing'
    | 'link_too_many' // after the signed end
    | 'event_missing'
    | 'changed' // the event, or its link, differs from what was linked
    | 'forged' // the hash fits, but the signature was made without our keys
    | 'not_linked' // it was inserted without the chain
  readonly sequence?: number
  readonly eventId?: AuditEventId
}

/** The next stretch starts after this place of the chain or, when all links are checked, after this event. */
export type VerifyFrom =
  | { readonly kind: 'link'; readonly place: ChainPlace }
  | { readonly kind: 'event'; readonly id: string }

export type Verification = {
  readonly problem?: AuditProblem
  readonly head?: AuditChainHead
  /** How many links were checked in this stretch. */
  readonly links: number
  /** How many of these links are signed under keys that are not in the ring. Only their hashes were checked. */
  readonly keyMissing: number
  readonly events: number
  readonly waiting: number
  readonly next?: VerifyFrom
}

type Parts = Pick<Services, 'storage' | 'keyRing' | 'sha256'>

const BATCH = 200
const nothing = { links: 0, keyMissing: 0, events: 0, waiting: 0 }

/** Verifies one stretch of the audit trail: at most `limit` links or events. */
export async function verifyAuditTrail(
  parts: Parts,
  from: VerifyFrom | undefined,
  limit: number,
): Promise<Verification> {
  const head = await parts.storage.findAuditChainHead()
  if (head === undefined) return { ...nothing, problem: { reason: 'head_missing' } }
  if (from?.kind === 'event') return { head, ...(await verifyPlaces(parts, from.id, limit)) }
  const stretch = await verifyLinks(parts, { head, from: startOf(head, from?.place), limit })
  // Events may be removed, with a signed cut, during the verification.
  if (stretch.problem && (await wasCutSince(parts, head)))
    return verifyAuditTrail(parts, from, limit)
  return { head, ...stretch }
}

/**
 * Checks that the chain still contains this place, which an operator has kept elsewhere. Returns `undefined` if it does, or if the
 * chain was cut after the place.
 */
export async function verifyPlace(
  { storage }: Pick<Services, 'storage'>,
  { beganAt, sequence, hash }: ChainPlace,
): Promise<AuditProblem | undefined> {
  const head = await storage.findAuditChainHead()
  if (head === undefined) return { reason: 'head_missing' }
  if (head.beganAt > beganAt) return undefined // restarted since, which is an event of its own
  if (head.beganAt < beganAt || head.sequence < sequence) {
    return { reason: 'went_back', sequence: head.sequence }
  }
  if (sequence <= head.cutSequence || sequence === 0) return undefined
  const [link] = await storage.listAuditLinks(sequence - 1, 1)
  return link?.sequence === sequence && link.hash === hash
    ? undefined
    : { reason: 'changed', sequence }
}

function startOf(head: AuditChainHead, place: ChainPlace | undefined): ChainPlace {
  const { beganAt, cutSequence, cutHash } = head
  const isBehindCut = place && place.beganAt >= beganAt && place.sequence >= cutSequence
  return isBehindCut ? place : { beganAt, sequence: cutSequence, hash: cutHash }
}

type Stretch = Omit<Verification, 'head'>

async function verifyLinks(
  parts: Parts,
  { head, from, limit }: { head: AuditChainHead; from: ChainPlace; limit: number },
): Promise<Stretch> {
  let before: Pick<AuditLink, 'sequence' | 'hash'> = from
  let keyMissing = 0
  const done = (problem?: AuditProblem, next?: VerifyFrom): Stretch => ({
    ...nothing,
    links: before.sequence - from.sequence,
    keyMissing,
    ...(problem ? { problem } : {}),
    ...(next ? { next } : {}),
  })
  while (before.sequence < head.sequence) {
    if (before.sequence - from.sequence >= limit) {
      const { beganAt } = head
      return done(undefined, { kind: 'link', place: { beganAt, ...before } })
    }
    const links = await parts.storage.listAuditLinks(before.sequence, BATCH)
    for (const link of links.filter(({ sequence }) => sequence <= head.sequence)) {
      const signature = checkLinkSignature(parts.keyRing, link)
      const problem = linkProblem(parts, { before, link, signature })
      if (problem !== undefined) return done(problem)
      if (signature === 'key_missing') keyMissing += 1
      before = link
    }
    if (links.length < BATCH) break
  }
  const problem = await endProblem(parts, head, before)
  return problem ? done(problem) : done(undefined, { kind: 'event', id: '' })
}

function linkProblem(
  parts: Parts,
  looked: {
    readonly before: Pick<AuditLink, 'sequence' | 'hash'>
    readonly link: ChainedAuditEvent
    readonly signature: SignatureCheck
  },
): AuditProblem | undefined {
  const { before, link, signature } = looked
  const { sequence, eventId, event } = link
  const expected = before.sequence + 1
  if (sequence !== expected) return { reason: 'link_missing', sequence: expected }
  if (event === undefined) return { reason: 'event_missing', sequence, eventId }
  if (!isAsWritten(parts, before, link)) return { reason: 'changed', sequence, eventId }
  return signature === 'forged' ? { reason: 'forged', sequence, eventId } : undefined
}

/** The chain has to end where the signed head records it, with the same hash. */
async function endProblem(
  { storage, keyRing }: Parts,
  head: AuditChainHead,
  last: Pick<AuditLink, 'sequence' | 'hash'>,
): Promise<AuditProblem | undefined> {
  if (last.sequence < head.sequence) return { reason: 'link_missing', sequence: last.sequence + 1 }
  if (last.hash !== head.hash) return { reason: 'changed', sequence: last.sequence }
  const checked = checkHead(keyRing, head)
  if (checked === 'forged') return { reason: 'head_forged', sequence: head.sequence }
  if (checked === 'key_missing') return { reason: 'head_key_missing', sequence: head.sequence }
  const [further] = await storage.listAuditLinks(head.sequence, 1)
  if (further === undefined) return undefined
  // The link was either added after the head was read, or inserted without the chain.
  const now = await storage.findAuditChainHead()
  const { sequence, eventId } = further
  return (now?.sequence ?? 0) >= sequence
    ? undefined
    : { reason: 'link_too_many', sequence, eventId }
}

async function wasCutSince({ storage }: Parts, head: AuditChainHead): Promise<boolean> {
  const now = await storage.findAuditChainHead()
  return now?.cutSequence !== head.cutSequence || now.beganAt > head.beganAt
}

/** Every event has to be in the chain or wait to be linked, and every event that waits has to exist. */
async function verifyPlaces({ storage }: Parts, after: string, limit: number): Promise<Stretch> {
  const [vanished] = await storage.listVanishedEvents(1)
  if (vanished !== undefined) {
    return { ...nothing, problem: { reason: 'event_missing', eventId: vanished } }
  }
  let last = after
  let waiting = 0
  for (let events = 0; ; ) {
    const places = await storage.listAuditEventPlaces(last, BATCH)
    const stray = places.find(({ place }) => place === 'nowhere')
    events += places.length
    waiting += places.filter(({ place }) => place === 'waiting').length
    const seen = { ...nothing, events, waiting }
    if (stray) return { ...seen, problem: { reason: 'not_linked', eventId: stray.id } }
    if (places.length < BATCH) return seen
    last = places.at(-1)?.id ?? last
    if (events >= limit) return { ...seen, next: { kind: 'event', id: last } }
  }
}
