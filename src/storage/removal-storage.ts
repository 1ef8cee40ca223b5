/** How records of a person or a customer go for good; part of `storage.ts`. Audit events and traces stay until their own time. */
import type { ConnectionId, OrganizationId, UserId } from './records.ts'
import type { HashUsername } from './username-storage.ts'

/** Inside `atomically`. Usernames of members who go stay taken, as what `hash` makes of them. Each verb removes what refers to the record first, and answers whether there was one. */
export type RemovalWriter = {
  removeUser(id: UserId, hash: HashUsername): Promise<boolean>
  /**
   * Removes at most `limit` members of an organization with their sessions there, and the users that are in no other one. Answers how
   * many memberships went; 0: none is left.
   */
  removeMembers(organizationId: OrganizationId, limit: number, hash: HashUsername): Promise<number>
  removeConnection(id: ConnectionId): Promise<boolean>
  /** With its connections, domains and webhooks. Its members have to be gone. */
  removeOrganization(id: OrganizationId): Promise<boolean>
}
