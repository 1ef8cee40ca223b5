import type { Application } from '../directory.ts'
import { findPersonById, type Person } from '../find-in-directory.ts'
import { hasScope } from '../scopes.ts'
import type { EmulatorState, IssuedAccessToken } from '../state.ts'
import { type GraphError, graphErrors } from './graph-errors.ts'

/** A request to Graph with a valid access token: its caller, its application and its content. */
export type GraphExchange = {
  readonly request: Request
  readonly query: URLSearchParams
  /** The JSON of a POST; `undefined` if there is none or it cannot be parsed. */
  readonly body: unknown
  /** The address at which the request reached this version of Graph, such as `http://localhost:3001/graph/v1.0`. */
  readonly versionUrl: string
  readonly token: IssuedAccessToken
  readonly application: Application
  /** The person of the token; the token of an application has none. */
  readonly caller: Person | undefined
}

/**
 * Finds the access token in an `Authorization` header.
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

/** Returns whether the token has one of these permissions: scopes of a person, roles of an application. */
export function isPermitted(
  { token }: GraphExchange,
  permissions: { readonly delegated: readonly string[]; readonly application: readonly string[] },
): boolean {
  return token.userId === undefined
    ? hasScope(token.appRoles, ...permissions.application)
    : hasScope(token.scopes, ...permissions.delegated)
}
