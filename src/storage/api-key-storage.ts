/** The contract for API keys, stored answers and memberships as operators see them; part of `storage.ts`. */
import type { ApiKey, KeptAnswer } from './api-key-records.ts'
import type {
  ApiKeyId,
  Membership,
  MembershipId,
  OrganizationId,
  RoleAssignment,
  UserId,
} from './records.ts'
import type { Page, PageRequest } from './storage.ts'

export type MembershipListItem = {
  readonly membership: Membership
  readonly roles: readonly RoleAssignment[]
}

export type MembershipFilter = {
  readonly organizationId?: OrganizationId
  readonly userId?: UserId
  readonly status?: Membership['status']
  /** Members who have this role, from any source. */
  readonly role?: string
  /** Part of a username, display name or email. */
  readonly search?: string
}

export type ApiKeyReader = {
  findMembershipWithRoles(id: MembershipId): Promise<MembershipListItem | undefined>
  listMemberships(filter: MembershipFilter, page: PageRequest): Promise<Page<MembershipListItem>>

  findApiKey(id: ApiKeyId): Promise<ApiKey | undefined>
  /** Also finds revoked and expired keys. */
  findApiKeyByTokenHash(tokenHash: string): Promise<ApiKey | undefined>
  listApiKeys(
    filter: { readonly organizationId?: OrganizationId },
    page: PageRequest,
  ): Promise<Page<ApiKey>>
  /** Does not find an answer whose time is over. */
  findKeptAnswer(key: string, now: Date): Promise<KeptAnswer | undefined>
}

/** These functions run inside `atomically`. */
export type ApiKeyWriter = {
  /** Assigns a role by hand; a rule's assignment of the same role is separate. Returns whether anything changed. */
  giveRole(id: MembershipId, role: string): Promise<boolean>
  /** Removes only an assignment by hand. Returns whether anything changed. */
  takeRole(id: MembershipId, role: string): Promise<boolean>

  createApiKey(key: ApiKey): Promise<void>
  /** Revokes a key for good. Returns whether it was not revoked before. */
  revokeApiKey(id: ApiKeyId, at: Date): Promise<boolean>
  /**
   * Inserts or replaces by key. Two transactions with one key run one after the other, so the second finds what the first stored.
   */
  keepAnswer(key: string, kept: KeptAnswer): Promise<void>
}

/** This function is a single statement. */
export type ApiKeyWork = {
  /** Stores that the key is in use. Callers do this at most once a minute per key. */
  touchApiKey(id: ApiKeyId, usedAt: Date): Promise<void>
}
