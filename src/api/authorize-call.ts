import { authorizeOperator, operatorOf } from '../admin/authorize-operator.ts'
import { EntradaError } from '../errors.ts'
import type { Exchange } from '../http/exchange.ts'
import { checkFormToken, checkSameOrigin } from '../http/form.ts'
import type { Services } from '../services.ts'
import { findSession } from '../session/session.ts'
import type { SessionView } from '../storage/records.ts'
import type { ApiCaller } from './access.ts'

/**
 * Who calls: an operator by token or session, or a person by their own session. A change with a session must come from our own page
 * and carry its token (`X-Form-Token`); with a bearer token no browser is involved.
 *
 * @throws {EntradaError} `sign_in_required`, `operator_required`, `operator_token_invalid`, `cross_site_request`, `too_many_requests`
 */
export async function authorizeCaller(services: Services, exchange: Exchange): Promise<ApiCaller> {
  const { headers, method } = exchange.request
  if (headers.has('authorization')) {
    return { kind: 'operator', ...(await authorizeOperator(services, exchange)) }
  }
  const view = await findSession(services, exchange)
  if (view === undefined) throw new EntradaError('sign_in_required')
  await services.limits.spend('api_operator', view.session.id)
  const caller = callerOf(services, view)
  if (method !== 'GET' && method !== 'HEAD') {
    checkSameOrigin(exchange)
    checkFormToken(services, view.session.id, headers.get('x-form-token'))
  }
  return caller
}

/** @throws {EntradaError} `operator_required`, also for a member whose roles say nothing about Entrada itself */
export function callerOf(services: Services, view: SessionView): ApiCaller {
  const operator = operatorOf(services, view)
  if (operator !== undefined) return { kind: 'operator', ...operator }
  const { user, organization, roles } = view
  const administers = roles.includes('organization_admin') || roles.includes('auditor')
  if (!administers || !user || !organization) throw new EntradaError('operator_required')
  const actor = { kind: 'user', id: user.id } as const
  return { kind: 'member', actor, view, organizationId: organization.id, roles }
}
