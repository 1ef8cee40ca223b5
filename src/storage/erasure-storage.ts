/** The contract for erasing a removed person from the audit trail; part of `storage.ts`. */
import type {
  AuditEventId,
  AuditEventRecord,
  AuditLink,
  ChainedAuditEvent,
  UserId,
} from './records.ts'

/** A removed user whose audit events still have to be erased. */
export type ErasureDue = {
  readonly userId: UserId
  /** Object ids of the user, because events from before the user was created contain only these. */
  readonly objectIds: readonly string[]
  /** The last event that was processed; empty at the beginning. */
  readonly after: AuditEventId | ''
  readonly signature: string
}

/** The proof for an event whose personal values were erased after it was linked. */
export type AuditErasure = { readonly contentHash: string; readonly signature: string }

export type ErasableAuditEvent = {
  readonly event: AuditEventRecord
  /** Absent while the event waits for its link. */
  readonly link?: ChainedAuditEvent
  /** The hash of the previous link; absent if that was cut off. */
  readonly hashBefore?: string
}

export type LinkedErasure = Pick<AuditLink, 'eventId' | 'sequence' | 'hash'> & {
  /** The hash of the previous link; absent if that was cut off. */
  readonly hashBefore?: string
  readonly erasure: AuditErasure
}

/** Functions of the audit chain, which hold its lock. */
export type ErasureVerbs = {
  /** Returns the order that has waited longest. */
  findErasureDue(): Promise<ErasureDue | undefined>
  /** Returns the events after this one by id, in order. */
  listErasableEvents(
    after: AuditEventId | '',
    limit: number,
  ): Promise<readonly ErasableAuditEvent[]>
  /**
   * Replaces the values of an existing event. `vouch` receives the new content; it returns `undefined` for an event without a link.
   */
  replaceAuditEvent(
    event: AuditEventRecord,
    vouch: (content: string) => AuditErasure | undefined,
  ): Promise<void>
  continueErasure(userId: UserId, after: AuditEventId): Promise<void>
  finishErasure(userId: UserId): Promise<void>
  /** Returns erasures that were signed with another key than this one. */
  listErasuresToSign(page: {
    readonly keyId: string
    /** Start after this event id. */
    readonly after: AuditEventId | ''
    readonly limit: number
  }): Promise<readonly LinkedErasure[]>
  signErasure(eventId: AuditEventId, signature: string): Promise<void>
}
