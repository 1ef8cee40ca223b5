/** What can be read of the audit chain; part of `storage.ts`. */
import type {
  AuditChainHead,
  AuditEventId,
  ChainedAuditEvent,
  StoredVerification,
} from './records.ts'

export type AuditChainReader = {
  hasUnlinkedEvents(): Promise<boolean>
  /** `undefined`: somebody has removed it. */
  findAuditChainHead(): Promise<AuditChainHead | undefined>
  /** Links behind this one, in order, each with its event. */
  listAuditLinks(after: number, limit: number): Promise<readonly ChainedAuditEvent[]>
  /** By id. `waiting`: noted for the chain; an event that is neither linked nor noted came past it. */
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
  /** Of the events noted for the chain, some that are not there any more. */
  listVanishedEvents(limit: number): Promise<readonly AuditEventId[]>
}
