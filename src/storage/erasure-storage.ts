/** What must hold when a removed person is erased from the audit trail; part of `storage.ts`. */
import type {
  AuditEventId,
  AuditEventRecord,
  AuditLink,
  ChainedAuditEvent,
  UserId,
} from './records.ts'

/** A removed user whose audit events are still to be gone through. */
export type ErasureDue = {
  readonly userId: UserId
  /** Object ids that the user had, because events from before the user was known name these alone. */
  readonly objectIds: readonly string[]
  /** The last event that was looked at; empty at the beginning. */
  readonly after: AuditEventId | ''
  readonly signature: string
}

/** What vouches for an event whose personal values were erased after it was linked. */
export type AuditErasure = { readonly contentHash: string; readonly signature: string }

export type ErasableAuditEvent = {
  readonly event: AuditEventRecord
  /** Absent while the event waits for its link. */
  readonly link?: ChainedAuditEvent
  /** The hash of the link before; absent when that was cut off. */
  readonly hashBefore?: string
}

export type LinkedErasure = Pick<AuditLink, 'eventId' | 'sequence' | 'hash'> & {
  /** The hash of the link before; absent when that was cut off. */
  readonly hashBefore?: string
  readonly erasure: AuditErasure
}

/** Verbs of the audit chain, which hold its lock. */
export type ErasureVerbs = {
  /** The one that has waited longest. */
  findErasureDue(): Promise<ErasureDue | undefined>
  /** Events after this one by id, in order. */
  listErasableEvents(
    after: AuditEventId | '',
    limit: number,
  ): Promise<readonly ErasableAuditEvent[]>
  /** Replaces the values of an event that is there. `vouch` is given its new content; it returns `undefined` for an event without a link. */
  replaceAuditEvent(
    event: AuditEventRecord,
    vouch: (content: string) => AuditErasure | undefined,
  ): Promise<void>
  continueErasure(userId: UserId, after: AuditEventId): Promise<void>
  finishErasure(userId: UserId): Promise<void>
  /** Erasures that were vouched for with another key than this one. */
  listErasuresToSign(asked: {
    readonly keyId: string
    /** Behind this one by event id. */
    readonly after: AuditEventId | ''
    readonly limit: number
  }): Promise<readonly LinkedErasure[]>
  signErasure(eventId: AuditEventId, signature: string): Promise<void>
}
