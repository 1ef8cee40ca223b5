/** API keys, with which programs call the API. Operators create them; a key is shown once, and can be revoked immediately. */

import { audit, type ChangeServices } from '../audit/audit.ts'
import { changeAtomically } from '../audit/change-atomically.ts'
import { EntradaError } from '../errors/errors.ts'
import { found } from '../errors/found.ts'
import { newId } from '../keys/ids.ts'
import { Secret } from '../keys/secret.ts'
import { apiKeyHint, isApiKeyText, toApiKey } from '../protocol/api-key.ts'
import type { Services } from '../services.ts'
import type { ApiKey } from '../storage/api-key-records.ts'
import type { ApiKeyId, OrganizationId } from '../storage/records.ts'
import type { StorageTransaction } from '../storage/storage.ts'
import type { AdminCaller } from './admin-caller.ts'

export type NewApiKey = {
  readonly name: string
  readonly scopes: readonly string[]
  readonly organizationId?: string
  readonly endsAt?: Date
}

/** Creates an API key. Its value is returned here only; the database stores its hash. @throws {EntradaError} `record_not_found` (the organization), `request_invalid` */
export async function createApiKey(
  services: ChangeServices & Pick<Services, 'sha256'>,
  caller: AdminCaller,
  { name, scopes, endsAt, organizationId: ofOrganization }: NewApiKey,
): Promise<{ readonly apiKey: ApiKey; readonly value: Secret }> {
  const createdAt = services.now()
  if (endsAt !== undefined && endsAt <= createdAt) {
    throw new EntradaError('request_invalid', { parameter: 'expiresAt' })
  }
  const value = toApiKey(services.randomBytes(32))
  const organizationId = ofOrganization as OrganizationId | undefined // any text: an unknown one is refused below
  const apiKey: ApiKey = {
    id: newId(services, 'key'),
    name,
    tokenHash: services.sha256(value),
    hint: apiKeyHint(value),
    scopes,
    ...(organizationId ? { organizationId } : {}),
    ...(endsAt ? { endsAt } : {}),
    createdAt,
  }
  const create = async (transaction: StorageTransaction) => {
    if (organizationId && !(await transaction.findOrganization(organizationId))) {
      throw new EntradaError('record_not_found')
    }
    await transaction.createApiKey(apiKey)
    const detail = { keyId: apiKey.id, name, scopes }
    const event = { type: 'api_key.created', detail } as const
    await audit(services, transaction, { caller, event, organizationId })
  }
  await changeAtomically(services, caller, create, { scope: { record: apiKey.id, organizationId } })
  return { apiKey, value: new Secret(value) }
}

/** Revokes an API key, immediately on every replica. Revoking it again changes nothing. @throws {EntradaError} `record_not_found` */
export async function revokeApiKey(
  services: ChangeServices,
  caller: AdminCaller,
  id: string,
): Promise<void> {
  const revoke = async (transaction: StorageTransaction) => {
    const apiKey = found(await transaction.findApiKey(id as ApiKeyId)) // any text: an unknown one finds nothing
    if (!(await transaction.revokeApiKey(apiKey.id, services.now()))) return
    const event = {
      type: 'api_key.revoked',
      detail: { keyId: apiKey.id, name: apiKey.name },
    } as const
    await audit(services, transaction, { caller, event, organizationId: apiKey.organizationId })
  }
  await changeAtomically(services, caller, revoke, { scope: { record: id } })
}

const SEEN_INTERVAL_MS = 60_000

/** Returns the record of the key that a caller sent. @throws {EntradaError} `api_key_invalid` if it is unknown, revoked or expired */
export async function getLiveApiKey(services: Services, offered: string): Promise<ApiKey> {
  const apiKey = isApiKeyText(offered)
    ? await services.storage.findApiKeyByTokenHash(services.sha256(offered))
    : undefined
  const now = services.now()
  if (apiKey === undefined) throw new EntradaError('api_key_invalid', { reason: 'unknown' })
  checkKeyHolds(apiKey, now)
  await rememberUse(services, apiKey, now)
  return apiKey
}

/** Checks that a key is neither revoked nor expired. @throws {EntradaError} `api_key_invalid` */
export function checkKeyHolds({ id: keyId, revokedAt, endsAt }: ApiKey, now: Date): void {
  if (revokedAt) throw new EntradaError('api_key_invalid', { reason: 'revoked', keyId })
  if (endsAt && endsAt <= now) {
    throw new EntradaError('api_key_invalid', { reason: 'expired', keyId })
  }
}

/** Stores the time of use, once a minute. A failure is only logged: a full disk must not invalidate keys, and the next call tries again. */
async function rememberUse(
  services: Pick<Services, 'log' | 'storage'>,
  { id, lastUsedAt }: ApiKey,
  now: Date,
): Promise<void> {
  if (lastUsedAt && now.getTime() - lastUsedAt.getTime() < SEEN_INTERVAL_MS) return
  await services.storage
    .touchApiKey(id, now)
    .catch((error: unknown) => services.log.warn('api_key_touch_failed', { error }))
}
