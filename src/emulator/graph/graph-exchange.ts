import type { Application } from '../directory.ts'
import { findPersonById, type Person } from '../find-in-directory.ts'
import { hasScope } from '../scopes.ts'
import type { EmulatorState, IssuedAccessToken } from '../state.ts'
import { type GraphError, graphErrors } from './graph-errors.ts'

/** A request to Graph whose access token is good: who asks, through which application, for what. */
export type GraphExchange = {
  readonly request: Request
  readonly query: URLSearchParams
  /** The JSON of a POST; `undefined` when there is none that can be read. */
  readonly body: unknown
  /** Where the request reached this version of Graph, such as `http://localhost:3001/graph/v1.0`. */
  readonly versionUrl: string
  readonly token: IssuedAccessToken
  readonly application: Application
  /** The person of the token; an application for itself has none. */
  readonly caller: Person | undefined
}

/**
 * Finds what an `Authorization` header allows.
 *
 * @see RFC 6750 §2.1
 */
export function findAccess(
  state: EmulatorState,
  request: Request,
): Omit<GraphExchange, 'query' | 'body' | 'versionUrl'> | GraphError {
  const header = request.headers.get('authorization')
  if (header === null) return graphErrors.tokenEmpty
  const value = /^Bearer +(\S+)$/i.exec(header)?.[1] ?? ''
  const token = state.accessTokens.find(value)
  if (token === undefined) {
    const isForAnApi = state.apiTokens.find(value) !== undefined
    return isForAnApi ? graphErrors.tokenAudience : graphErrors.tokenMalformed
  }
  if (token.expiresAt <= state.now()) return graphErrors.tokenExpired

  const application = state.directory.applications.find(
    ({ clientId }) => clientId === token.clientId,
  )
  const caller =
    token.userId === undefined ? undefined : findPersonById(state.directory, token.userId)
  const isGone = token.userId !== undefined && caller === undefined
  if (application === undefined || isGone) return graphErrors.tokenMalformed
  return { request, token, application, caller }
}

/** Reports whether the token has one of these permissions: scopes of a person, roles of an application. */
export function isPermitted(
  { token }: GraphExchange,
  permissions: { readonly delegated: readonly string[]; readonly application: readonly string[] },
): boolean {
  return token.userId === undefined
    ? hasScope(token.appRoles, ...permissions.application)
    : hasScope(token.scopes, ...permissions.delegated)
}
