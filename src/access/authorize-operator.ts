import { EntradaError } from '../errors/errors.ts'
import type { Exchange } from '../http/exchange.ts'
import { singleHeader } from '../http/single-header.ts'
import { snapshotFrom } from '../provisioning/group-snapshot.ts'
import type { Services } from '../services.ts'
import { findSession } from '../session/session.ts'
import type { Actor, SessionView } from '../storage/records.ts'
import { isOperatorToken, operatorActor } from './operator-token.ts'
import { isOperator } from './operators.ts'

/** An operator, and their session. A token in the header has no session. */
export type Operator = { readonly actor: Actor; readonly view?: SessionView }

/**
 * Returns the operator of a request, who sent an operator token as `Authorization: Bearer`, has a session opened with such a token, or is
 * a listed user.
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

/** Returns the operator of a session; `undefined` if its user may not administer Entrada. */
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

/** The longest time between the group snapshot of a sign-in and the start of its session, on the same clock. */
const SAME_SIGN_IN_MS = 60_000

/**
 * Returns whether the configuration lists the user of a session. Only the default connection is trusted: another one could name any tenant
 * and object id. Groups count only if this sign-in brought them, and neither groups nor app roles count from another connection.
 */
function isListed(
  services: Pick<Services, 'deployment'>,
  { session, identity, groups: snapshot }: SessionView,
): boolean {
  const { defaultConnectionId, operators } = services.deployment
  if (identity === undefined || defaultConnectionId === undefined) return false
  if (session.connectionId !== defaultConnectionId) return false
  const groups = snapshotFrom(snapshot, { id: defaultConnectionId })
  const takenAt = groups?.takenAt.getTime() ?? 0
  const isFresh = takenAt >= session.createdAt.getTime() - SAME_SIGN_IN_MS
  return isOperator(operators, {
    key: identity.key,
    groups: groups?.complete && isFresh ? groups.groups : [],
    appRoles: groups?.appRoles ?? [],
  })
}
