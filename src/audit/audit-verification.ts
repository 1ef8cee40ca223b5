/**
 * The progress and the result of the background verification of the audit trail. The record is signed, so that a person who can
 * write to the database but has no key of the ring cannot forge a good result.
 */
import * as v from 'valibot'
import type { Services } from '../services.ts'
import type { AuditEventId, StoredVerification } from '../storage/records.ts'
import { PLACE, parsePlace, placeText } from './audit-chain.ts'
import type { AuditProblem, VerifyFrom } from './verify-audit-chain.ts'

export type AuditVerification = {
  /** When the current pass started. */
  readonly startedAt: Date
  /** Where the current pass continues; absent means at the beginning of the chain. */
  readonly from?: VerifyFrom
  /** How many links the current pass has checked. */
  readonly links: number
  /** The last complete pass that found no problem. */
  readonly completed?: { readonly at: Date; readonly links: number }
  readonly problem?: AuditProblem & { readonly foundAt: Date }
}

type Parts = Pick<Services, 'storage' | 'keyRing'>

/** Returns the stored verification, or `undefined` if there is none or it was not signed with a key of the ring. */
export async function findAuditVerification({
  storage,
  keyRing,
}: Parts): Promise<AuditVerification | undefined> {
  const stored = await storage.findAuditVerification()
  return stored && readVerification(keyRing, stored)
}

/** Reads a verification from a stored record, like {@link findAuditVerification}. */
export function readVerification(
  keyRing: Parts['keyRing'],
  { state, signature }: StoredVerification,
): AuditVerification | undefined {
  const checked = keyRing.checkSignature('audit-chain', signedText(state), signature)
  return checked === 'valid' ? fromState(state) : undefined
}

/** Converts a verification to its signed, stored form. */
export function toStored(
  keyRing: Parts['keyRing'],
  verification: AuditVerification,
): StoredVerification {
  const { from, ...rest } = verification
  const state = JSON.stringify({ ...rest, ...(from ? { from: formatFrom(from) } : {}) })
  return { state, signature: keyRing.sign('audit-chain', signedText(state)) }
}

/** A pass checks the links first, then the events that are not linked yet. */
const EVENT = /^event\.([A-Za-z0-9_-]{0,64})$/
export const FROM = new RegExp(`${PLACE.source}|${EVENT.source}`)

/** Returns the place where a verification continues as text, for the API and for storage. */
export function formatFrom(from: VerifyFrom): string {
  return from.kind === 'link' ? placeText(from.place) : `event.${from.id}`
}

/** Parses the text of {@link formatFrom}; returns `undefined` for any other text. */
export function parseFrom(text: string): VerifyFrom | undefined {
  const [, id] = EVENT.exec(text) ?? []
  if (id !== undefined) return { kind: 'event', id }
  const place = parsePlace(text)
  return place && { kind: 'link', place }
}

function signedText(state: string): string {
  return JSON.stringify(['verification', state])
}

const time = v.pipe(
  v.string(),
  v.transform((text) => new Date(text)),
)
const stateSchema = v.object({
  startedAt: time,
  from: v.optional(v.string()),
  links: v.number(),
  completed: v.optional(v.object({ at: time, links: v.number() })),
  problem: v.optional(
    v.object({
      reason: v.string(),
      sequence: v.optional(v.number()),
      eventId: v.optional(v.string()),
      foundAt: time,
    }),
  ),
})

function fromState(state: string): AuditVerification {
  const { from: text, problem, completed, ...rest } = v.parse(stateSchema, JSON.parse(state))
  const from = text === undefined ? undefined : parseFrom(text)
  return {
    ...rest,
    ...(from ? { from } : {}),
    ...(completed ? { completed } : {}),
    ...(problem ? { problem: toProblem(problem) } : {}),
  }
}

/** The record was signed, so it contains what {@link toStored} wrote. */
function toProblem({
  reason,
  sequence,
  eventId,
  foundAt,
}: NonNullable<v.InferOutput<typeof stateSchema>['problem']>) {
  return {
    reason: reason as AuditProblem['reason'],
    foundAt,
    ...(sequence === undefined ? {} : { sequence }),
    ...(eventId === undefined ? {} : { eventId: eventId as AuditEventId }),
  }
}
