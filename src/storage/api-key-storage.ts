/** What must hold of keys for the API, kept answers and memberships as operators see them; part of `storage.ts`. */
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
  /** Who hold this role, from whatever source. */
  readonly role?: string
  /** Part of a username, display name or email, ignoring case. */
  readonly search?: string
}

export type ApiKeyReader = {
  findMembershipWithRoles(id: MembershipId): Promise<MembershipListItem | undefined>
  listMemberships(filter: MembershipFilter, page: PageRequest): Promise<Page<MembershipListItem>>

  findApiKey(id: ApiKeyId): Promise<ApiKey | undefined>
  /** Revoked and ended ones too. */
  findApiKeyByTokenHash(tokenHash: string): Promise<ApiKey | undefined>
  listApiKeys(
    filter: { readonly organizationId?: OrganizationId },
    page: PageRequest,
  ): Promise<Page<ApiKey>>
  /** One whose time is over is not found. */
  findKeptAnswer(key: string, now: Date): Promise<KeptAnswer | undefined>
}

/** Inside `atomically`. */
export type ApiKeyWriter = {
  /** By hand; what rules assign is another assignment of the same role. Answers whether anything changed. */
  giveRole(id: MembershipId, role: string): Promise<boolean>
  /** What was given by hand, and nothing else. Answers whether anything changed. */
  takeRole(id: MembershipId, role: string): Promise<boolean>

  createApiKey(key: ApiKey): Promise<void>
  /** For good. Answers whether it was not revoked before. */
  revokeApiKey(id: ApiKeyId, at: Date): Promise<boolean>
  /** Inserts or replaces by key. Of two transactions with one key, one comes after the other and finds what that kept. */
  keepAnswer(key: string, kept: KeptAnswer): Promise<void>
}

/** A single statement. */
export type ApiKeyWork = {
  /** Remembers that the key is in use. Callers do this at most once a minute per key. */
  touchApiKey(id: ApiKeyId, usedAt: Date): Promise<void>
}
