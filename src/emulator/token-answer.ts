import { ACCESS_TOKEN_SECONDS, issueAccessToken } from './access-tokens.ts'
import { requestedIdTokenClaims } from './authorization-request.ts'
import { toClientInfo } from './client-info.ts'
import type { Application } from './directory.ts'
import type { AddressedExchange } from './exchange.ts'
import { homeOf, type Person } from './find-in-directory.ts'
import { newIdTokenClaims } from './id-token-claims.ts'
import { issueRefreshToken } from './refresh-tokens.ts'
import { hasScope } from './scopes.ts'
import { signIdToken } from './sign-id-token.ts'
import type { EmulatorState, Grant } from './state.ts'

export type TokenAnswer = { readonly token_type: 'Bearer'; readonly [member: string]: unknown }

/** A grant that is about to become tokens. */
export type GrantInUse = {
  readonly application: Application
  readonly grant: Grant
  readonly person: Person
  readonly secret: string
  readonly names: readonly string[]
  readonly nonce?: string | undefined
  readonly isRefresh?: true
}

/**
 * The answer to a good token request, with what its scopes ask for.
 *
 * @see RFC 6749 §5.1, OpenID Connect Core §3.1.3.3 and §12.2
 */
export async function newTokenAnswer(
  state: EmulatorState,
  exchange: AddressedExchange,
  used: GrantInUse,
): Promise<TokenAnswer> {
  const { grant, person, application } = used
  const { scopes } = grant
  const wantsClientInfo = exchange.form.get('client_info') === '1'
  const accessToken = issueAccessToken(state, {
    clientId: application.clientId,
    tenantId: person.tenant.id,
    userId: person.user.id,
    scopes,
    appRoles: [],
  })
  return {
    token_type: 'Bearer',
    scope: scopes.filter((scope) => scope !== 'offline_access').join(' '),
    expires_in: ACCESS_TOKEN_SECONDS,
    ext_expires_in: ACCESS_TOKEN_SECONDS,
    access_token: accessToken,
    ...(hasScope(scopes, 'offline_access')
      ? { refresh_token: issueRefreshToken(state, grant) }
      : {}),
    ...(hasScope(scopes, 'openid') ? { id_token: await newIdToken(state, exchange, used) } : {}),
    ...(wantsClientInfo ? { client_info: toClientInfo(homeOf(state.directory, person)) } : {}),
  }
}

function newIdToken(
  state: EmulatorState,
  exchange: AddressedExchange,
  { grant, person, application, nonce, isRefresh, secret, names }: GrantInUse,
): Promise<string> {
  const claims = newIdTokenClaims({
    ...grant,
    nonce,
    origin: state.origin,
    directory: state.directory,
    application,
    person,
    requestedClaims: [
      ...grant.requestedClaims,
      ...requestedIdTokenClaims(exchange.form.get('claims')),
    ],
    omitsGroups: isRefresh === true && application.omitGroupsOnRefresh,
    now: state.now(),
  })
  const fault = state.faults.take(['id_token'], { on: 'token', names })
  return signIdToken(claims, { keys: state.keys, clientSecret: secret, fault })
}
