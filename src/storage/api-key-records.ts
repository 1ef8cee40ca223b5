import type { ApiKeyId, OrganizationId } from './records.ts'

/** What a program proves itself with to the API. The key itself is shown once, when it is made. */
export type ApiKey = {
  readonly id: ApiKeyId
  readonly name: string
  /** SHA-256 of the key, hex. */
  readonly tokenHash: string
  /** Its beginning, by which people tell keys apart. */
  readonly hint: string
  /** What it may do, as `access/scope-table.ts` names it. */
  readonly scopes: readonly string[]
  /** It sees this organization only. */
  readonly organizationId?: OrganizationId
  readonly createdAt: Date
  readonly endsAt?: Date
  /** To the minute. */
  readonly lastUsedAt?: Date
  readonly revokedAt?: Date
}

/** What was answered to a call that may come again; for a day. */
export type KeptAnswer = {
  readonly requestHash: string
  readonly answer: string
  readonly until: Date
}
