/**
 * Tamper evidence over audit events. Each link holds a hash of its event and of the link before, and a signature of that hash; the
 * head says, signed, where the chain ends and where it was cut. Who writes to the database without our keys is found out.
 * Why so, and what it cannot show: `decisions/0014-audit-chain.md`.
 */
import type { KeyRing, SignatureCheck } from '../keys/key-ring.ts'
import type { Services } from '../services.ts'
import type { AuditErasure, ErasureDue } from '../storage/erasure-storage.ts'
import type {
  AuditChainHead,
  AuditLink,
  ChainedAuditEvent,
  StoredAuditEvent,
  UserId,
} from '../storage/records.ts'

type Signing = Pick<Services, 'keyRing' | 'sha256'>
export type UnsignedHead = Omit<AuditChainHead, 'signature'>
/** A place in one chain: what an outside copy has to remember. */
export type ChainPlace = {
  readonly beganAt: Date
  readonly sequence: number
  readonly hash: string
}

export function newLink(
  { keyRing, sha256 }: Signing,
  before: Pick<AuditLink, 'sequence' | 'hash'>,
  event: StoredAuditEvent,
): AuditLink {
  const sequence = before.sequence + 1
  const hash = linkHash(sha256, before, event)
  const signature = keyRing.sign('audit-chain', linkText({ sequence, hash }))
  return { sequence, eventId: event.id, hash, signature }
}

/** A later content, of more columns, becomes `v2`. */
export function linkHash(
  sha256: Services['sha256'],
  before: Pick<AuditLink, 'sequence' | 'hash'>,
  { content }: StoredAuditEvent,
): string {
  return sha256(JSON.stringify(['v1', before.sequence + 1, before.hash, content]))
}

/** Whether an event is what was linked, or what was left of it when a removed person was erased. */
export function isAsWritten(
  parts: Signing,
  before: Pick<AuditLink, 'sequence' | 'hash'>,
  { event, eventId, hash, erasure }: ChainedAuditEvent,
): boolean {
  if (event === undefined) return false
  if (linkHash(parts.sha256, before, event) === hash) return true
  if (erasure?.contentHash !== parts.sha256(event.content)) return false
  return isErasureValid(parts, { eventId, hash, hashBefore: before.hash }, erasure)
}

/** Where in the chain an erased event is: its hash cannot be computed again, so the erasure holds the chain together there. */
export type ErasedPlace = Pick<AuditLink, 'eventId' | 'hash'> & { readonly hashBefore: string }

/** Vouches for what is left of an event. */
export function newErasure(
  { keyRing }: Pick<Signing, 'keyRing'>,
  place: ErasedPlace,
  contentHash: string,
): AuditErasure {
  const signature = keyRing.sign('audit-chain', erasureText(place, contentHash))
  return { contentHash, signature }
}

export function isErasureValid(
  { keyRing }: Pick<Signing, 'keyRing'>,
  place: ErasedPlace,
  { contentHash, signature }: AuditErasure,
): boolean {
  const text = erasureText(place, contentHash)
  return keyRing.checkSignature('audit-chain', text, signature) === 'valid'
}

function erasureText({ eventId, hash, hashBefore }: ErasedPlace, contentHash: string): string {
  return JSON.stringify(['erased', eventId, hashBefore, hash, contentHash])
}

export function checkLinkSignature(
  keyRing: KeyRing,
  link: Pick<AuditLink, 'sequence' | 'hash' | 'signature'>,
): SignatureCheck {
  return keyRing.checkSignature('audit-chain', linkText(link), link.signature)
}

/** The same head signed under the first key of the ring. */
export function signHead(
  { keyRing }: Pick<Signing, 'keyRing'>,
  head: UnsignedHead,
): AuditChainHead {
  return { ...head, signature: keyRing.sign('audit-chain', headText(head)) }
}

export type HeadCheck = SignatureCheck | 'missing' | 'unused'

/** `unused`: as the migration made it; only before the first link. */
export function checkHead(keyRing: KeyRing, head: AuditChainHead | undefined): HeadCheck {
  if (head === undefined) return 'missing'
  if (head.signature === '' && head.sequence === 0) return 'unused'
  return keyRing.checkSignature('audit-chain', headText(head), head.signature)
}

/** As the log has it, and as `entrada audit verify --place` takes it. */
export function placeText({ beganAt, sequence, hash }: ChainPlace): string {
  return `${beganAt.getTime()}.${sequence}.${hash}`
}

/** `undefined`: not one of ours. */
/** @see placeText */
export const PLACE = /^([0-9]{1,15})\.([0-9]{1,15})\.([0-9a-f]{64}|)$/
export function parsePlace(text: string): ChainPlace | undefined {
  const [, beganAt, sequence, hash] = PLACE.exec(text) ?? []
  if (beganAt === undefined || hash === undefined) return undefined
  return { beganAt: new Date(Number(beganAt)), sequence: Number(sequence), hash }
}

function linkText({ sequence, hash }: Pick<AuditLink, 'sequence' | 'hash'>): string {
  return JSON.stringify(['link', sequence, hash])
}

function headText({ beganAt, sequence, hash, cutSequence, cutHash }: UnsignedHead): string {
  return JSON.stringify(['head', beganAt.getTime(), sequence, hash, cutSequence, cutHash])
}

/** Vouches for the order to erase a person from the audit trail. */
export function signErasureOrder(
  { keyRing }: Pick<Signing, 'keyRing'>,
  userId: UserId,
  objectIds: readonly string[],
): string {
  return keyRing.sign('audit-chain', orderText(userId, objectIds))
}

export function checkErasureOrder(
  { keyRing }: Pick<Signing, 'keyRing'>,
  { userId, objectIds, signature }: ErasureDue,
): SignatureCheck {
  return keyRing.checkSignature('audit-chain', orderText(userId, objectIds), signature)
}

function orderText(userId: UserId, objectIds: readonly string[]): string {
  return JSON.stringify(['erase', userId, ...objectIds])
}
