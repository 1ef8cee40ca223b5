/** How records of a person or a customer go for good; part of `storage.ts`. Audit events and traces stay until their own time. */
import type { ConnectionId, OrganizationId, UserId } from './records.ts'
import type { HashUsername } from './username-storage.ts'

/** What the caller's keys have to say about the people who go. */
export type RemovalParts = {
  /** Usernames stay taken as what this makes of them. */
  readonly hashUsername: HashUsername
  /** Vouches for the order to erase a person, which whoever writes to the database could make up. */
  readonly vouchForErasure: (userId: UserId, objectIds: readonly string[]) => string
}

/** Inside `atomically`. Each verb removes what refers to the record first, and answers whether there was one. */
export type RemovalWriter = {
  removeUser(id: UserId, parts: RemovalParts): Promise<boolean>
  /**
   * Removes at most `limit` members of an organization with their sessions there, and the users that are in no other one. Answers how
   * many memberships went; 0: none is left.
   */
  removeMembers(organizationId: OrganizationId, limit: number, parts: RemovalParts): Promise<number>
  removeConnection(id: ConnectionId): Promise<boolean>
  /** With its connections, domains and webhooks. Its members have to be gone. */
  removeOrganization(id: OrganizationId): Promise<boolean>
}
