import { ACCESS_TOKEN_SECONDS, issueApiToken, issueGraphToken } from './access-tokens.ts'
import type { ClientProof } from './api-token-claims.ts'
import { requestedIdTokenClaims } from './authorization-request.ts'
import type { ChosenScopes } from './choose-scopes.ts'
import { toClientInfo } from './client-info.ts'
import type { Application } from './directory.ts'
import type { AddressedExchange } from './exchange.ts'
import { homeOf, type Person } from './find-in-directory.ts'
import { newIdTokenClaims } from './id-token-claims.ts'
import { issueRefreshToken } from './refresh-tokens.ts'
import { GRAPH } from './resources.ts'
import { hasScope, isSignInScope } from './scopes.ts'
import { signIdToken } from './sign-id-token.ts'
import type { EmulatorState, Grant } from './state.ts'

export type TokenAnswer = { readonly token_type: 'Bearer'; readonly [member: string]: unknown }

/** A grant for which tokens are about to be issued. */
export type GrantInUse = {
  readonly application: Application
  readonly grant: Grant
  readonly chosen: ChosenScopes
  readonly person: Person
  readonly secret: string
  readonly clientProof: ClientProof
  readonly names: readonly string[]
  readonly nonce?: string | undefined
  readonly isRefresh?: true
}

/**
 * Creates the response to a valid token request, with what its scopes ask for.
 *
 * @see RFC 6749 §5.1, OpenID Connect Core §3.1.3.3 and §12.2
 */
export async function newTokenAnswer(
  state: EmulatorState,
  exchange: AddressedExchange,
  used: GrantInUse,
): Promise<TokenAnswer> {
  const { person, chosen } = used
  const { scopes } = chosen
  const wantsClientInfo = exchange.form.get('client_info') === '1'
  const grant = { ...used.grant, askedScopes: chosen.words }
  return {
    token_type: 'Bearer',
    scope: chosen.answeredScope,
    expires_in: ACCESS_TOKEN_SECONDS,
    ext_expires_in: ACCESS_TOKEN_SECONDS,
    access_token: await newAccessToken(state, { ...used, grant }),
    ...(hasScope(scopes, 'offline_access')
      ? { refresh_token: issueRefreshToken(state, grant) }
      : {}),
    ...(hasScope(scopes, 'openid') ? { id_token: await newIdToken(state, exchange, used) } : {}),
    ...(wantsClientInfo ? { client_info: toClientInfo(homeOf(state.directory, person)) } : {}),
  }
}

function newAccessToken(state: EmulatorState, used: GrantInUse): string | Promise<string> {
  const { grant, person, application, chosen, clientProof } = used
  const { resource, scopes, spelledResource } = chosen
  if (resource === GRAPH) {
    const { clientId } = application
    const whose = { clientId, tenantId: person.tenant.id, userId: person.user.id }
    return issueGraphToken(state, { ...whose, scopes, appRoles: [] })
  }
  const { sid, authenticatedAt, stepUps } = grant
  const allowed = scopes.filter((scope) => !isSignInScope(scope))
  const subject = {
    api: resource,
    spelledResource,
    client: application,
    clientProof,
    tenant: person.tenant,
    user: { person, scopes: allowed, sid, authenticatedAt, stepUps },
  }
  return issueApiToken(state, subject, grant)
}

function newIdToken(
  state: EmulatorState,
  exchange: AddressedExchange,
  { grant, chosen, person, application, nonce, isRefresh, secret, names }: GrantInUse,
): Promise<string> {
  const claims = newIdTokenClaims({
    ...grant,
    scopes: chosen.scopes,
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
