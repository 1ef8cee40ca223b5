import { EntradaError, isEntradaError } from '../errors/errors.ts'
import type { Exchange } from '../http/exchange.ts'
import { checkFormToken, checkSameOrigin } from '../http/form.ts'
import { singleHeader } from '../http/single-header.ts'
import type { Services } from '../services.ts'
import { checkSessionThere, findSession } from '../session/session.ts'
import type { ApiKey } from '../storage/api-key-records.ts'
import { isOrganizationRole, isRight } from '../storage/organization-roles.ts'
import type { SessionView } from '../storage/records.ts'
import type { StorageReader } from '../storage/storage.ts'
import { checkKeyHolds, getLiveApiKey } from './api-keys.ts'
import { authorizeOperator, operatorOf } from './authorize-operator.ts'
import type { ApiCaller } from './decide-right.ts'

/**
 * Returns the caller: an operator with a token or session, a program with its key, or a member with their own session. With a session,
 * a change must be sent by our own page with its token (`X-Form-Token`); a bearer token is never sent by a browser on its own.
 *
 * @throws {EntradaError} `sign_in_required`, `operator_required`, `operator_token_invalid`, `api_key_invalid`, `cross_site_request`, `too_many_requests`
 */
export async function authorizeCaller(services: Services, exchange: Exchange): Promise<ApiCaller> {
  const { headers, method } = exchange.request
  const authorization = singleHeader(headers, 'authorization')
  if (authorization !== undefined) return authorizeBearer(services, exchange, authorization)
  const view = await findSession(services, exchange)
  if (view === undefined) throw new EntradaError('sign_in_required')
  await services.limits.spend('api_operator', view.session.id)
  const caller = callerOf(services, view)
  if (method !== 'GET' && method !== 'HEAD') {
    checkSameOrigin(exchange)
    checkFormToken(services, view.session.id, singleHeader(headers, 'x-form-token'))
  }
  return caller
}

/** Recognizes an API key by its prefix. Any other token is checked as an operator token. */
async function authorizeBearer(
  services: Services,
  exchange: Exchange,
  authorization: string,
): Promise<ApiCaller> {
  const [, offered] = /^Bearer (ent_\w{1,128})$/i.exec(authorization) ?? []
  if (offered === undefined) {
    return { kind: 'operator', ...(await authorizeOperator(services, exchange)) }
  }
  const { id, scopes, organizationId } = await getOfferedKey(services, exchange, offered)
  await services.limits.spend('api_operator', id)
  return { kind: 'api_key', actor: { kind: 'api_key', id }, scopes, organizationId }
}

/**
 * Returns the key that was sent. Only invalid keys count towards the limit, so that clients behind one address do not block each other.
 *
 * @throws {EntradaError} `api_key_invalid`, `too_many_requests`
 */
async function getOfferedKey(
  services: Services,
  exchange: Exchange,
  offered: string,
): Promise<ApiKey> {
  try {
    return await getLiveApiKey(services, offered)
  } catch (error) {
    if (isEntradaError(error) && error.code === 'api_key_invalid') {
      await services.limits.spend('operator_token', exchange.client.ip ?? 'unknown')
    }
    throw error
  }
}

/**
 * Checks that the caller still has the rights of the start of the call. It is called for a change that follows network traffic, such as a
 * body that arrived slowly or an answer of DNS (design rule 5a).
 *
 * @throws {EntradaError} `sign_in_required`, `operator_required`, `api_key_invalid`
 */
export async function checkStillCalls(
  { now }: Pick<Services, 'now'>,
  reader: StorageReader,
  caller: ApiCaller,
): Promise<void> {
  if (caller.kind === 'api_key') {
    const apiKey = await reader.findApiKey(caller.actor.id)
    if (apiKey === undefined) throw new EntradaError('api_key_invalid', { reason: 'unknown' })
    return checkKeyHolds(apiKey, now())
  }
  if (caller.view === undefined) return
  await checkSessionThere(reader, caller.view.session)
  if (caller.kind === 'operator') return
  const { membership } = caller.view
  const roles = membership ? await reader.listRoles(membership.id) : []
  const rights = new Set(roles.filter(isRight).map(({ role }) => role))
  const rightsBefore = caller.roles.filter(isOrganizationRole)
  if (!rightsBefore.every((role) => rights.has(role))) throw new EntradaError('operator_required')
}

/** Returns the caller of a session. @throws {EntradaError} `operator_required` for a user without a right over Entrada */
export function callerOf(services: Pick<Services, 'deployment'>, view: SessionView): ApiCaller {
  const operator = operatorOf(services, view)
  if (operator !== undefined) return { kind: 'operator', ...operator }
  const { user, organization, rolesByHand: roles = [] } = view
  if (!roles.some(isOrganizationRole) || !user || !organization)
    throw new EntradaError('operator_required')
  const actor = { kind: 'user', id: user.id } as const
  return { kind: 'member', actor, view, organizationId: organization.id, roles }
}
