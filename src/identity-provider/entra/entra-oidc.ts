/**
 * Entra through MSAL, which only this file imports: MSAL builds the address and trades the code, and Entrada verifies what comes back.
 *
 *   authorizationUrl   → MSAL getAuthCodeUrl
 *   redeemCode         → trade: one credential after the other → MSAL acquireTokenByCode
 *                      → verify-id-token.ts: header, key, signature, claims (all pure but the key look-up)
 *                      → entra-graph.ts, where the groups have to come from there
 *   redeemRefreshToken → the same with MSAL acquireTokenByRefreshToken
 */
import { ConfidentialClientApplication, LogLevel } from '@azure/msal-node'
import { EntradaError } from '../../errors/errors.ts'
import { Secret } from '../../keys/secret.ts'
import type { ClientCredential, ClientProof } from '../client-credential.ts'
import type { ClientCredentials } from '../client-credentials.ts'
import { codeChallengeOf } from '../code-flow.ts'
import type { Arrival, Arrived, GroupsClaim, RecheckRequest } from '../identity-provider.ts'
import type { ProviderAnswer, ProviderHttp } from '../provider-http.ts'
import type { EntraAuthority } from './entra-authority.ts'
import { readGroups } from './entra-graph.ts'
import { type EntraPermissions, scopesFor } from './entra-permissions.ts'
import type { EntraMetadata } from './protocol/discovery.ts'
import { parseEntraError } from './protocol/explain-entra-error.ts'
import { graphOrigin } from './protocol/graph-origin.ts'
import { isCredentialRefusal, tokenRefusal } from './token-refusal.ts'
import { verifyIdToken } from './verify-id-token.ts'

export type EntraClient = {
  readonly cloud: string
  readonly clientId: string
  /** @throws {EntradaError} `entra_not_configured` when the connection has none */
  readonly credentials: () => ClientCredentials
  readonly authority: EntraAuthority
  readonly http: ProviderHttp
  readonly now: () => Date
  readonly randomBytes: (count: number) => Uint8Array
  readonly permissions: EntraPermissions
}

export type AuthorizationRequest = {
  readonly redirectUri: string
  readonly state: string
  readonly nonce: string
  readonly codeVerifier: string
  readonly selectAccount: boolean
  readonly loginHint?: string
  /** A claims challenge, as JSON. */
  readonly claims?: string
}

/** Returns the address at which Entra asks the user to sign in. @see OpenID Connect Core §3.1.2.1 */
export async function authorizationUrl(
  client: EntraClient,
  { selectAccount, loginHint, codeVerifier, ...request }: AuthorizationRequest,
): Promise<URL> {
  const metadata = await client.authority.metadata()
  const { application } = msalApplication(client, metadata, { proof: noProof })
  const url = await application.getAuthCodeUrl({
    ...request,
    scopes: [...scopesFor(client.permissions)],
    codeChallenge: codeChallengeOf(codeVerifier),
    codeChallengeMethod: 'S256',
    ...(selectAccount ? { prompt: 'select_account' } : {}),
    // As MSAL's `loginHint` it would also be sent as X-AnchorMailbox, which puts the address into logs.
    ...(loginHint && !selectAccount ? { extraQueryParameters: { login_hint: loginHint } } : {}),
  })
  const address = new URL(fromMsalUrl(url, metadata))
  address.searchParams.set('scope', withoutUnasked(client, address.searchParams.get('scope')))
  return address
}

export type CodeRequest = {
  readonly code: string
  readonly redirectUri: string
  readonly nonce: string
  readonly codeVerifier: string
  readonly correlationId: string
  readonly showClaims?: Arrival['showClaims']
}

/** Trades a code and verifies the ID token that comes for it. Rejects with `provider_timeout` at the deadline. */
export async function redeemCode(
  client: EntraClient,
  { nonce, showClaims, ...request }: CodeRequest,
  deadline: AbortSignal,
): Promise<Arrived> {
  const metadata = await client.authority.metadata(deadline)
  const scopes = [...scopesFor(client.permissions)]
  const answer = await trade(client, metadata, {
    deadline,
    send: (application) => application.acquireTokenByCode({ ...request, nonce, scopes }),
  })
  return toArrived(client, metadata, { answer, nonce, deadline, showClaims })
}

/** Trades a refresh token, which is the grant of a recheck, and verifies the ID token that comes for it. */
export async function redeemRefreshToken(
  client: EntraClient,
  { grant, correlationId }: RecheckRequest,
  deadline: AbortSignal,
): Promise<Arrived> {
  const metadata = await client.authority.metadata(deadline)
  const request = { refreshToken: grant.reveal(), correlationId }
  const scopes = [...scopesFor(client.permissions)]
  const answer = await trade(client, metadata, {
    deadline,
    send: (application) => application.acquireTokenByRefreshToken({ ...request, scopes }),
  })
  return toArrived(client, metadata, { answer, nonce: undefined, deadline })
}

type Trade = {
  readonly deadline: AbortSignal
  readonly send: (application: ConfidentialClientApplication) => Promise<unknown>
}
type TokenAnswer = ProviderAnswer['body']

/** Entra checks the client before the code, so after a refused credential the next one can still use the code. */
async function trade(
  client: EntraClient,
  metadata: EntraMetadata,
  request: Trade,
): Promise<TokenAnswer> {
  let first: EntradaError | undefined
  const credentials = client.credentials()
  for (const credential of credentials.inOrder()) {
    try {
      const answer = await tradeWith(client, metadata, { ...request, credential })
      credentials.accepted(credential)
      return answer
    } catch (error) {
      if (!isCredentialRefusal(error)) throw error
      credentials.refused(credential, error)
      first ??= error
    }
  }
  throw first ?? new EntradaError('entra_not_configured')
}

async function tradeWith(
  client: EntraClient,
  metadata: EntraMetadata,
  { credential, deadline, send }: Trade & { readonly credential: ClientCredential },
): Promise<TokenAnswer> {
  const proof = await credential.proveAt(metadata.tokenEndpoint)
  const { application, lastTokenAnswer } = msalApplication(client, metadata, { proof, deadline })
  let failure: unknown
  await send(application).catch((error: unknown) => {
    failure = error
  })
  // MSAL rewords refusals; the endpoint's own answer decides. A nonce mismatch is found again by our own check.
  const answer = lastTokenAnswer()
  if (answer === undefined) throw asRefusal(failure)
  if (answer.status === 200 && answer.body.error === undefined) return answer.body
  const evidence = { status: answer.status, credential: credential.id }
  throw tokenRefusal(parseEntraError(answer.body), evidence)
}

/** The token is verified before anything else of the answer counts. */
async function toArrived(
  client: EntraClient,
  metadata: EntraMetadata,
  {
    answer,
    nonce,
    deadline,
    showClaims,
  }: {
    readonly answer: TokenAnswer
    readonly nonce: string | undefined
    readonly deadline: AbortSignal
    readonly showClaims?: Arrival['showClaims'] | undefined
  },
): Promise<Arrived> {
  const idToken = textIn(answer, 'id_token')
  const refreshToken = textIn(answer, 'refresh_token')
  if (idToken === undefined) throw new EntradaError('id_token_missing')
  const verified = await verifyIdToken(client, metadata, {
    idToken,
    nonce,
    signal: deadline,
    showClaims,
  })
  const groups = await groupsOf(client, metadata, { answer, claim: verified.groups, deadline })
  return {
    identity: { ...verified, groups },
    ...(client.permissions.offlineAccess && refreshToken !== undefined
      ? { grant: new Secret(refreshToken) }
      : {}),
  }
}

/**
 * Returns a text of the token endpoint's answer, or `undefined` when it has no such member.
 *
 * @throws {EntradaError} `provider_answer_invalid` for any other value: dropped, it would change the meaning of the answer
 */
function textIn(answer: TokenAnswer, member: string): string | undefined {
  if (!Object.hasOwn(answer, member)) return undefined
  const value = answer[member]
  if (typeof value === 'string' && value !== '') return value
  throw new EntradaError('provider_answer_invalid', { endpoint: 'token', member })
}

/** Other claims of the token do not count: an app role in it states nothing about groups. */
async function groupsOf(
  { permissions, http }: EntraClient,
  metadata: EntraMetadata,
  {
    answer,
    claim,
    deadline,
  }: {
    readonly answer: TokenAnswer
    readonly claim: GroupsClaim
    readonly deadline: AbortSignal
  },
): Promise<GroupsClaim> {
  const { groups: reading } = permissions
  if (reading === undefined) return claim
  if (reading.when === 'overage' && claim.kind !== 'overage') return claim
  const accessToken = textIn(answer, 'access_token')
  if (accessToken === undefined) return { kind: 'unreadable', reason: 'graph_forbidden' }
  const scopes = textIn(answer, 'scope')?.split(' ') ?? []
  const origin = graphOriginOf(metadata)
  return readGroups({ http, origin, accessToken, scopes, deadline }, reading)
}

function graphOriginOf({ tokenEndpoint, msgraphHost }: EntraMetadata): string | undefined {
  return graphOrigin(new URL(tokenEndpoint), msgraphHost)
}

/** MSAL always asks for a refresh token. Users would be asked to consent to something that Entrada does not use. */
function withoutUnasked({ permissions }: EntraClient, scope: string | null): string {
  const scopes = (scope ?? '').split(' ')
  return scopes.filter((scope) => scope !== 'offline_access' || permissions.offlineAccess).join(' ')
}

function withoutUnaskedScopes(client: EntraClient, form: string): string {
  const fields = new URLSearchParams(form)
  fields.set('scope', withoutUnasked(client, fields.get('scope')))
  return fields.toString()
}

function asRefusal(error: unknown): EntradaError {
  return error instanceof EntradaError
    ? error
    : new EntradaError('provider_unreachable', { endpoint: 'token' }, { cause: error })
}

type MsalProof = ClientProof | { readonly clientAssertion: () => Promise<string> }

/** MSAL requires a credential also where it sends none. */
const noProof: MsalProof = {
  clientAssertion: async () => {
    throw new EntradaError('internal_error', { reason: 'a credential was asked for without need' })
  },
}

/**
 * Creates an MSAL application for one call. A shared one keeps every user's tokens, slows down with each of them, and refuses all users
 * for a minute after one bad answer of Entra (`decisions/0002-msal.md`).
 */
function msalApplication(
  client: EntraClient,
  metadata: EntraMetadata,
  { proof, deadline }: { readonly proof: MsalProof; readonly deadline?: AbortSignal },
) {
  let answer: ProviderAnswer | undefined
  let failure: EntradaError | undefined
  const application = new ConfidentialClientApplication({
    auth: {
      clientId: client.clientId,
      ...proof,
      ...authorityFor(metadata),
    },
    system: {
      loggerOptions: { logLevel: LogLevel.Error, piiLoggingEnabled: false, loggerCallback() {} },
      networkClient: {
        sendGetRequestAsync: async () => {
          throw new EntradaError('provider_answer_invalid', {
            reason: 'MSAL asked for more than the token endpoint',
          })
        },
        async sendPostRequestAsync<T>(
          url: string,
          options?: { headers?: Record<string, string>; body?: string },
        ) {
          answer = await client.http
            .postForm(
              fromMsalUrl(url, metadata),
              withoutUnaskedScopes(client, options?.body ?? ''),
              {
                endpoint: 'token',
                ...(options?.headers ? { headers: options.headers } : {}),
                ...(deadline ? { signal: deadline } : {}),
              },
            )
            .catch((error: EntradaError) => {
              failure = error
              throw error
            })
          return { ...answer, body: answer.body as T } // MSAL's own type for the wire
        },
      },
    },
  })
  return {
    application,
    lastTokenAnswer: () => {
      if (failure !== undefined) throw failure
      return answer
    },
  }
}

type MsalAuthority = {
  readonly authority: string
  readonly knownAuthorities: string[]
  readonly authorityMetadata: string
}

const authorities = new WeakMap<EntraMetadata, MsalAuthority>()

/** Returns the authority as MSAL needs it, made once for each fetched document. */
function authorityFor(metadata: EntraMetadata): MsalAuthority {
  const before = authorities.get(metadata)
  if (before !== undefined) return before
  const { origin: tokenOrigin, pathname } = new URL(metadata.tokenEndpoint)
  const origin = asHttps(tokenOrigin)
  const made = {
    authority: `${origin}/${pathname.split('/')[1]}`,
    knownAuthorities: [new URL(origin).host],
    authorityMetadata: JSON.stringify({
      issuer: asHttps(metadata.issuer),
      authorization_endpoint: asHttps(metadata.authorizationEndpoint),
      token_endpoint: asHttps(metadata.tokenEndpoint),
      end_session_endpoint: asHttps(metadata.endSessionEndpoint),
      jwks_uri: asHttps(metadata.jwksUri),
    }),
  }
  authorities.set(metadata, made)
  return made
}

/** MSAL accepts https only, also on loopback; the emulator speaks http there. {@link fromMsalUrl} is the way back. */
function asHttps(url: string): string {
  return url.replace(/^http:/, 'https:')
}

function fromMsalUrl(url: string, metadata: EntraMetadata): string {
  return metadata.tokenEndpoint.startsWith('http:') ? url.replace(/^https:/, 'http:') : url
}
