/** What can be read of the audit chain; part of `storage.ts`. */
import type {
  AuditChainHead,
  AuditEventId,
  ChainedAuditEvent,
  StoredVerification,
} from './records.ts'

export type AuditChainReader = {
  hasUnlinkedEvents(): Promise<boolean>
  /** Returns `undefined` if the head was removed from the database. */
  findAuditChainHead(): Promise<AuditChainHead | undefined>
  /** Returns the links after this one, in order, each with its event. */
  listAuditLinks(after: number, limit: number): Promise<readonly ChainedAuditEvent[]>
  /**
   * Lists events by id. `waiting` means that the event is noted for the chain; one that is neither linked nor noted was inserted
   * without the chain.
   */
  listAuditEventPlaces(
    after: string,
    limit: number,
  ): Promise<
    readonly {
      readonly id: AuditEventId
      readonly place: 'linked' | 'waiting' | 'nowhere'
    }[]
  >
  findAuditVerification(): Promise<StoredVerification | undefined>
  /** Returns some of the events that are noted for the chain but no longer exist. */
  listVanishedEvents(limit: number): Promise<readonly AuditEventId[]>
}
