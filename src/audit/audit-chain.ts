/**
 * Tamper evidence for audit events. Each link holds a hash of its event and of the previous link, and a signature of that hash. The
 * signed head records where the chain ends and where it was cut. Changes by a person who can write to the database but has no key
 * of the ring are detected. Reasons and limits: `decisions/0014-audit-chain.md`.
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
/** A place in one chain. A copy outside of the database has to store it. */
export type ChainPlace = {
  readonly beganAt: Date
  readonly sequence: number
  readonly hash: string
}

/** Creates the signed link of an event that follows the previous link. */
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

/** Returns the hash of a link. If the content gets further columns, it becomes `v2`. */
export function linkHash(
  sha256: Services['sha256'],
  before: Pick<AuditLink, 'sequence' | 'hash'>,
  { content }: StoredAuditEvent,
): string {
  return sha256(JSON.stringify(['v1', before.sequence + 1, before.hash, content]))
}

/** Returns whether an event is unchanged since it was linked, or is what was left of it when a removed person was erased. */
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

/** The place of an erased event in the chain. Its hash cannot be computed again, so the signed erasure connects the chain there. */
export type ErasedPlace = Pick<AuditLink, 'eventId' | 'hash'> & { readonly hashBefore: string }

/** Creates a signature over what is left of an event after an erasure. */
export function newErasure(
  { keyRing }: Pick<Signing, 'keyRing'>,
  place: ErasedPlace,
  contentHash: string,
): AuditErasure {
  const signature = keyRing.sign('audit-chain', erasureText(place, contentHash))
  return { contentHash, signature }
}

/** Returns whether the signature of an erasure is valid for this place in the chain. */
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

/** Checks the signature of a link. */
export function checkLinkSignature(
  keyRing: KeyRing,
  link: Pick<AuditLink, 'sequence' | 'hash' | 'signature'>,
): SignatureCheck {
  return keyRing.checkSignature('audit-chain', linkText(link), link.signature)
}

/** Signs a head under the newest key of the ring. */
export function signHead(
  { keyRing }: Pick<Signing, 'keyRing'>,
  head: UnsignedHead,
): AuditChainHead {
  return { ...head, signature: keyRing.sign('audit-chain', headText(head)) }
}

export type HeadCheck = SignatureCheck | 'missing' | 'unused'

/**
 * Checks the signature of the head. `unused` means that the head is as the migration created it, which is valid only before the
 * first link.
 */
export function checkHead(keyRing: KeyRing, head: AuditChainHead | undefined): HeadCheck {
  if (head === undefined) return 'missing'
  if (head.signature === '' && head.sequence === 0) return 'unused'
  return keyRing.checkSignature('audit-chain', headText(head), head.signature)
}

/** Returns a place as text, as it is logged and as `entrada audit verify --place` accepts it. */
export function placeText({ beganAt, sequence, hash }: ChainPlace): string {
  return `${beganAt.getTime()}.${sequence}.${hash}`
}

/** The form of a place that {@link placeText} writes. */
export const PLACE = /^([0-9]{1,15})\.([0-9]{1,15})\.([0-9a-f]{64}|)$/
/** Parses the text of a place; returns `undefined` if the text has another form. */
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

/** Signs the order to erase a person from the audit trail. */
export function signErasureOrder(
  { keyRing }: Pick<Signing, 'keyRing'>,
  userId: UserId,
  objectIds: readonly string[],
): string {
  return keyRing.sign('audit-chain', orderText(userId, objectIds))
}

/** Checks the signature of an order to erase a person. */
export function checkErasureOrder(
  { keyRing }: Pick<Signing, 'keyRing'>,
  { userId, objectIds, signature }: ErasureDue,
): SignatureCheck {
  return keyRing.checkSignature('audit-chain', orderText(userId, objectIds), signature)
}

function orderText(userId: UserId, objectIds: readonly string[]): string {
  return JSON.stringify(['erase', userId, ...objectIds])
}
