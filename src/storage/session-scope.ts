import type { ConnectionId, OrganizationId, UserId } from './records.ts'

/** The sessions of the whole deployment, or of one organization, connection or user. */
export type SessionScope =
  | { readonly of: 'deployment' }
  | { readonly of: 'organization'; readonly id: OrganizationId }
  | { readonly of: 'connection'; readonly id: ConnectionId }
  | { readonly of: 'user'; readonly id: UserId; readonly organizationId?: OrganizationId }
