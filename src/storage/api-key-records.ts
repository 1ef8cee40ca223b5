import type { ApiKeyId, OrganizationId } from './records.ts'

/** The key with which a program authenticates at the API. The key itself is shown only once, when it is created. */
export type ApiKey = {
  readonly id: ApiKeyId
  readonly name: string
  /** SHA-256 of the key, hex. */
  readonly tokenHash: string
  /** The beginning of the key, by which users recognize it. */
  readonly hint: string
  /** The rights of the key, as `access/scope-table.ts` names them. */
  readonly scopes: readonly string[]
  /** The only organization that the key can see. */
  readonly organizationId?: OrganizationId
  readonly createdAt: Date
  readonly endsAt?: Date
  /** The time of the last use, to the minute. */
  readonly lastUsedAt?: Date
  readonly revokedAt?: Date
}

/** The answer to a call that may be repeated; stored for a day. */
export type KeptAnswer = {
  readonly requestHash: string
  readonly answer: string
  readonly until: Date
}
