/**
 * Entra as an identity provider. Only what a flow calls is here; the requests are in `entra-oidc.ts`.
 *
 * @see https://learn.microsoft.com/entra/identity-platform/v2-protocols-oidc
 */
import { EntradaError } from '../../errors/errors.ts'
import { single } from '../../http/form.ts'
import { newCodeFlow } from '../code-flow.ts'
import type {
  Arrival,
  Arrived,
  Departure,
  EndedThere,
  IdentityProvider,
  Kept,
  LogoutMessage,
  SignOutRequest,
  StartedAttempt,
  WayOut,
} from '../identity-provider.ts'
import { authorizationRefusal } from './authorization-refusal.ts'
import type { EntraClient } from './entra-oidc.ts'

const MAX_SID_LENGTH = 128

/** MSAL is large. It is loaded with the first sign-in, or before it by {@link IdentityProvider.warmUp}. */
let oidc: Promise<typeof import('./entra-oidc.ts')> | undefined
const loadOidc = () => {
  oidc ??= import('./entra-oidc.ts')
  return oidc
}

/** Creates the identity provider of one connection to Entra. */
export function createEntraProvider(client: EntraClient): IdentityProvider {
  return {
    prepare: () => newCodeFlow(client.randomBytes),
    depart: (departure, kept) => depart(client, departure, kept),
    arrive: (arrival, attempt, deadline) => arrive(client, { arrival, attempt, deadline }),
    recheck: async (request, deadline) => {
      const { redeemRefreshToken } = await loadOidc()
      return redeemRefreshToken(client, request, deadline)
    },
    warmUp: async (deadline) => {
      await loadOidc()
      await client.authority.warmUp(deadline)
    },
    signOut: (request) => signOut(client, request),
    signedOutThere,
    directory: async (deadline) => (await client.authority.metadata(deadline)).tenantId,
  }
}

async function depart(
  client: EntraClient,
  { returnAddress, attempt, selectAccount, loginHint, demand }: Departure,
  kept: Kept,
): Promise<WayOut> {
  client.credentials()
  const { authorizationUrl } = await loadOidc()
  const url = await authorizationUrl(client, {
    ...kept,
    redirectUri: returnAddress,
    state: attempt,
    selectAccount,
    ...(loginHint ? { loginHint } : {}),
    ...(demand ? { claims: demand } : {}),
  })
  return { kind: 'redirect', url }
}

async function arrive(
  client: EntraClient,
  {
    arrival,
    attempt,
    deadline,
  }: {
    readonly arrival: Arrival
    readonly attempt: StartedAttempt | undefined
    readonly deadline: AbortSignal
  },
): Promise<Arrived> {
  const { answer, returnAddress, correlationId, showClaims } = arrival
  if (answer.kind === 'refused') throw authorizationRefusal(answer)
  // A code without the attempt that asked for it could come from another user's sign-in.
  if (attempt === undefined) throw new EntradaError('sign_in_attempt_not_yours')
  const request = {
    ...attempt.kept,
    code: answer.code,
    redirectUri: returnAddress,
    correlationId,
    ...(showClaims ? { showClaims } : {}),
  }
  const { redeemCode } = await loadOidc()
  return redeemCode(client, request, deadline)
}

/** @see https://learn.microsoft.com/entra/identity-platform/v2-protocols-oidc#send-a-sign-out-request */
async function signOut(
  client: EntraClient,
  { returnAddress, state, loginHint }: SignOutRequest,
): Promise<URL> {
  const { endSessionEndpoint } = await client.authority.metadata()
  const url = new URL(endSessionEndpoint)
  // Entra finds the application by the address; other servers only lead back when they get the client id (RP-Initiated Logout §2).
  url.searchParams.set('client_id', client.clientId)
  url.searchParams.set('post_logout_redirect_uri', returnAddress)
  url.searchParams.set('state', state)
  if (loginHint !== undefined) url.searchParams.set('logout_hint', loginHint)
  return url
}

/** Entra sends `sid` and no issuer. @see OpenID Connect Front-Channel Logout 1.0 §3 */
async function signedOutThere({ query }: LogoutMessage): Promise<EndedThere> {
  const sid = single(query, 'sid')
  if (!sid || sid.length > MAX_SID_LENGTH) {
    throw new EntradaError('request_invalid', { parameter: 'sid' })
  }
  return { providerSession: sid }
}
