import * as v from 'valibot'
import { createApiKey, revokeApiKey } from '../../access/api-keys.ts'
import { type ApiCaller, holdsScope } from '../../access/decide-right.ts'
import { type Scope, type ScopeRow, scopes, scopeTable } from '../../access/scope-table.ts'
import { pageJson, pageRequest, withoutUndefined } from '../../connections/page-json.ts'
import { recordJson } from '../../connections/record-json.ts'
import {
  displayName,
  organizationQuery,
  pageOf,
  pageQuery,
  text,
  time,
  timeAnswer,
} from '../../connections/schema-parts.ts'
import { EntradaError } from '../../errors/errors.ts'
import { found } from '../../errors/found.ts'
import { strictObject } from '../../protocol/strict-object.ts'
import type { ApiKey } from '../../storage/api-key-records.ts'
import type { ApiKeyId } from '../../storage/records.ts'
import { operation } from '../operation.ts'

const scope = v.picklist(scopes)

const apiKeySchema = strictObject({
  id: v.string(),
  name: v.string(),
  hint: v.pipe(v.string(), v.description('How the key begins.')),
  scopes: v.array(v.string()),
  organizationId: v.pipe(
    v.nullable(v.string()),
    v.description('The only organization that the key may access; `null`: all.'),
  ),
  status: v.picklist(['active', 'expired', 'revoked']),
  createdAt: timeAnswer,
  expiresAt: v.nullable(timeAnswer),
  lastUsedAt: v.pipe(v.nullable(timeAnswer), v.description('To the minute.')),
  revokedAt: v.nullable(timeAnswer),
})
const newlyMadeSchema = strictObject({
  ...apiKeySchema.entries,
  value: v.pipe(v.nullable(v.string()), v.description('The key itself. It is shown only once.')),
})
const newApiKeySchema = strictObject({
  name: displayName,
  scopes: v.pipe(v.array(scope), v.minLength(1), v.maxLength(scopes.length)),
  organizationId: v.optional(
    v.pipe(text(64), v.description('The only organization that the key may access.')),
  ),
  expiresAt: v.optional(v.pipe(time, v.description('In the future.'))),
})
export type ApiKeyJson = v.InferOutput<typeof apiKeySchema>

export const apiKeySchemas = { ApiKey: apiKeySchema, NewApiKey: newApiKeySchema }

export const apiKeyOperations = {
  listApiKeys: operation({
    method: 'GET',
    path: '/api-keys',
    does: 'Lists API keys, newest first, including revoked ones.',
    access: { scope: 'api-keys:read', of: 'deployment' },
    query: { ...pageQuery, ...organizationQuery },
    answer: pageOf(apiKeySchema),
    async run({ storage, now }, { query, within }) {
      const filter = withoutUndefined({ organizationId: within })
      const keys = await storage.listApiKeys(filter, pageRequest(query))
      return pageJson(keys, (key) => apiKeyJson(key, now()))
    },
  }),
  createApiKey: operation({
    method: 'POST',
    path: '/api-keys',
    does: 'Creates an API key. Only this response contains its value.',
    access: { scope: 'api-keys:write', of: 'deployment' },
    body: newApiKeySchema,
    answer: newlyMadeSchema,
    creates: true,
    shownOnce: ['value'],
    refusals: ['record_not_found'],
    async run(services, { by, caller, body }) {
      const { expiresAt: endsAt, scopes: newScopes, ...rest } = body
      checkScopes(caller, newScopes, rest.organizationId)
      const key = { ...withoutUndefined({ ...rest, endsAt }), scopes: [...new Set(newScopes)] }
      const { apiKey, value } = await createApiKey(services, by, key)
      return { ...apiKeyJson(apiKey, services.now()), value: value.reveal() }
    },
  }),
  getApiKey: operation({
    method: 'GET',
    path: '/api-keys/:id',
    does: 'Returns one API key.',
    access: { scope: 'api-keys:read', of: 'deployment' },
    answer: apiKeySchema,
    run: async ({ storage, now }, { params }) =>
      apiKeyJson(found(await storage.findApiKey(params.id as ApiKeyId)), now()), // any text: an unknown one finds nothing
  }),
  revokeApiKey: operation({
    method: 'DELETE',
    path: '/api-keys/:id',
    does: 'Revokes an API key at once and permanently. It stays in the list.',
    access: { scope: 'api-keys:write', of: 'deployment' },
    run: (services, { by, params }) => revokeApiKey(services, by, params.id),
  }),
}

/**
 * Checks that the caller has every right of the new key. In one organization, a right over the whole deployment would have no
 * meaning.
 *
 * @throws {EntradaError} `access_not_granted`, `request_invalid`
 */
function checkScopes(
  caller: ApiCaller,
  newScopes: readonly Scope[],
  organizationId: string | undefined,
): void {
  const beyond = newScopes.find((scope) => !holdsScope(caller, scope))
  if (beyond !== undefined) throw new EntradaError('access_not_granted', { scope: beyond })
  if (organizationId === undefined) return
  const errors = newScopes.flatMap((scope, index) => {
    const { within }: ScopeRow = scopeTable[scope]
    const problem = 'has no meaning within one organization'
    return within === 'deployment' ? [{ parameter: `scopes.${index}`, problem }] : []
  })
  const [first] = errors
  if (first) throw new EntradaError('request_invalid', { parameter: first.parameter, errors })
}

function apiKeyJson(key: ApiKey, now: Date): ApiKeyJson {
  return recordJson(apiKeySchema, { ...key, status: statusOf(key, now), expiresAt: key.endsAt })
}

function statusOf({ revokedAt, endsAt }: ApiKey, now: Date): ApiKeyJson['status'] {
  if (revokedAt) return 'revoked'
  return endsAt && endsAt <= now ? 'expired' : 'active'
}
