/**
 * How records of a person or a customer are removed for good; part of `storage.ts`. Audit events and traces stay until their own
 * time is over.
 */
import type { ConnectionId, OrganizationId, UserId } from './records.ts'
import type { HashUsername } from './username-storage.ts'

/** What needs the caller's keys when people are removed. */
export type RemovalParts = {
  /** Returns the hash under which a username stays taken. */
  readonly hashUsername: HashUsername
  /** Signs the order to erase a person, because an order in the database could be forged. */
  readonly vouchForErasure: (userId: UserId, objectIds: readonly string[]) => string
}

/**
 * These functions run inside `atomically`. Each one removes what refers to the record first, and returns whether there was a
 * record.
 */
export type RemovalWriter = {
  removeUser(id: UserId, parts: RemovalParts): Promise<boolean>
  /**
   * Removes at most `limit` members of an organization with their sessions there, and the users that are in no other organization.
   * Returns how many memberships were removed; 0 means that none is left.
   */
  removeMembers(organizationId: OrganizationId, limit: number, parts: RemovalParts): Promise<number>
  removeConnection(id: ConnectionId): Promise<boolean>
  /** Whether a connection of this id was removed that may have had users, also with its organization. No other connection may get the id. */
  wasConnectionRemoved(id: ConnectionId): Promise<boolean>
  /** Removes the organization with its connections, domains and webhooks. Its members have to be removed before. */
  removeOrganization(id: OrganizationId): Promise<boolean>
}
