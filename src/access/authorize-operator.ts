import { EntradaError } from '../errors/errors.ts'
import type { Exchange } from '../http/exchange.ts'
import { singleHeader } from '../http/single-header.ts'
import { toldThrough } from '../provisioning/group-snapshot.ts'
import type { Services } from '../services.ts'
import { findSession } from '../session/session.ts'
import type { Actor, SessionView } from '../storage/records.ts'
import { isOperatorToken, operatorActor } from './operator-token.ts'
import { isOperator } from './operators.ts'

/** Who administers, and with which session (none for a token in the header). */
export type Operator = { readonly actor: Actor; readonly view?: SessionView }

/**
 * The operator behind a request: an operator token as `Authorization: Bearer`, a token session, or a listed person's session.
 *
 * @throws {EntradaError} `sign_in_required`, `operator_required`, `operator_token_invalid`, `too_many_requests`
 */
export async function authorizeOperator(services: Services, exchange: Exchange): Promise<Operator> {
  const authorization = singleHeader(exchange.request.headers, 'authorization')
  if (authorization !== undefined) return authorizeToken(services, exchange, authorization)
  const view = await findSession(services, exchange)
  if (view === undefined) throw new EntradaError('sign_in_required')
  await services.limits.spend('api_operator', view.session.id)
  const operator = operatorOf(services, view)
  if (operator === undefined) throw new EntradaError('operator_required')
  return operator
}

/** The operator whose session this is; `undefined` when it is nobody's who may administer Entrada. */
export function operatorOf(
  services: Pick<Services, 'deployment'>,
  view: SessionView,
): Operator | undefined {
  if (view.session.kind === 'operator') return { actor: operatorActor, view }
  if (!isListed(services, view)) return undefined
  return { actor: { kind: 'operator', id: view.session.userId ?? 'unknown' }, view }
}

async function authorizeToken(
  services: Pick<Services, 'deployment' | 'limits' | 'sha256'>,
  exchange: Exchange,
  authorization: string,
): Promise<Operator> {
  const [, offered] = /^Bearer ([\x21-\x7e]{1,1024})$/i.exec(authorization) ?? []
  if (offered !== undefined && isOperatorToken(services, offered)) {
    await services.limits.spend('api_operator', services.sha256(offered).slice(0, 16))
    return { actor: operatorActor }
  }
  await services.limits.spend('operator_token', exchange.client.ip ?? 'unknown')
  throw new EntradaError('operator_token_invalid')
}

/** Between the snapshot of a sign-in and its session, on the same clock. */
const SAME_SIGN_IN_MS = 60_000

/**
 * Listed people count as the default connection knows them: another connection could name any tenant and object id. Groups only as
 * this very sign-in brought them, not as kept from an earlier one; and neither groups nor app roles as another connection told them.
 */
function isListed(
  services: Pick<Services, 'deployment'>,
  { session, identity, groups: told }: SessionView,
): boolean {
  const { defaultConnectionId, operators } = services.deployment
  if (identity === undefined || defaultConnectionId === undefined) return false
  if (session.connectionId !== defaultConnectionId) return false
  const groups = toldThrough(told, { id: defaultConnectionId })
  const takenAt = groups?.takenAt.getTime() ?? 0
  const isFresh = takenAt >= session.createdAt.getTime() - SAME_SIGN_IN_MS
  return isOperator(operators, {
    key: identity.key,
    groups: groups?.complete && isFresh ? groups.groups : [],
    appRoles: groups?.appRoles ?? [],
  })
}
