import { findPersonById } from '../find-in-directory.ts'
import { pairwiseSubject } from '../id-token-claims.ts'
import { hasScope } from '../scopes.ts'
import type { EmulatorState } from '../state.ts'
import { type GraphError, graphErrors } from './graph-errors.ts'
import type { GraphExchange } from './graph-exchange.ts'
import type { GraphAnswer } from './graph-list.ts'

/**
 * Answers `oidc/userinfo` with the claims of the token's person.
 *
 * @see OpenID Connect Core §5.3
 */
export function answerUserinfo(
  state: EmulatorState,
  { token, application, caller }: GraphExchange,
): GraphAnswer | GraphError {
  const person = caller && findPersonById(state.directory, caller.user.id)
  if (person === undefined || !hasScope(token.scopes, 'openid')) return graphErrors.denied
  const { user } = person
  const profile = {
    name: user.displayName,
    family_name: user.familyName,
    given_name: user.givenName,
  }
  return {
    sub: pairwiseSubject(user, application),
    ...(hasScope(token.scopes, 'profile') ? profile : {}),
    ...(hasScope(token.scopes, 'email') ? { email: user.mail } : {}),
  }
}
