/**
 * Entra through MSAL: MSAL builds the address and trades the code, we verify what comes back. Alone in importing MSAL.
 *
 *   authorizationUrl → MSAL getAuthCodeUrl
 *   redeem → tradeCode: one credential after the other → MSAL acquireTokenByCode
 *          → verifyIdToken: header, key, signature, claims (all pure but the key look-up)
 */
import { ConfidentialClientApplication, LogLevel } from '@azure/msal-node'
import { compactVerify, decodeProtectedHeader, importJWK } from 'jose'
import { EntradaError } from '../errors.ts'
import { type EntraMetadata, issuerForTenant } from '../protocol/discovery.ts'
import { parseEntraError } from '../protocol/explain-entra-error.ts'
import { checkIdTokenClaims, checkIdTokenHeader, toVerifiedIdentity } from '../protocol/id-token.ts'
import { mayKeySignFor, type SigningKey } from '../protocol/signing-keys.ts'
import type { ClientCredential, ClientProof } from './client-credential.ts'
import type { ClientCredentials } from './client-credentials.ts'
import type { EntraAuthority } from './entra-authority.ts'
import type { EntraAnswer, EntraHttp } from './entra-http.ts'
import type { IdentityProvider, RedeemRequest, VerifiedIdentity } from './identity-provider.ts'
import { isCredentialRefusal, tokenRefusal } from './token-refusal.ts'

const SCOPES = ['openid', 'profile', 'email']

export type EntraClient = {
  readonly cloud: string
  readonly clientId: string
  readonly credentials: ClientCredentials
  readonly authority: EntraAuthority
  readonly http: EntraHttp
  readonly now: () => Date
}

/** The identity provider of one connection. */
export function createEntraOidc(client: EntraClient): IdentityProvider {
  return {
    tenantId: async (deadline) => (await client.authority.metadata(deadline)).tenantId,

    async authorizationUrl({ selectAccount, loginHint, codeChallenge, ...request }) {
      const metadata = await client.authority.metadata()
      const { application } = msalApplication(client, metadata, { proof: noProof })
      const url = await application.getAuthCodeUrl({
        ...request,
        scopes: SCOPES,
        codeChallenge,
        codeChallengeMethod: 'S256',
        ...(selectAccount ? { prompt: 'select_account' } : {}),
        // Given as MSAL's `loginHint` it would also be sent as X-AnchorMailbox, which puts the address into logs.
        ...(loginHint && !selectAccount ? { extraQueryParameters: { login_hint: loginHint } } : {}),
      })
      return new URL(fromMsalUrl(url, metadata))
    },

    async redeem(request) {
      const { nonce, deadline } = request
      const metadata = await client.authority.metadata(deadline)
      const idToken = await tradeCode(client, metadata, request)
      return verifyIdToken(client, metadata, { idToken, nonce, signal: deadline })
    },

    async signOutUrl({ postLogoutRedirectUri, state, logoutHint }) {
      const { endSessionEndpoint } = await client.authority.metadata()
      const url = new URL(endSessionEndpoint)
      url.searchParams.set('post_logout_redirect_uri', postLogoutRedirectUri)
      url.searchParams.set('state', state)
      if (logoutHint !== undefined) url.searchParams.set('logout_hint', logoutHint)
      return url
    },
  }
}

/** Entra checks the client before it looks at the code: one that is refused leaves the code to the next credential. */
async function tradeCode(
  client: EntraClient,
  metadata: EntraMetadata,
  request: RedeemRequest,
): Promise<string> {
  let first: EntradaError | undefined
  for (const credential of client.credentials.inOrder()) {
    try {
      const idToken = await tradeCodeWith(client, metadata, { ...request, credential })
      client.credentials.accepted(credential)
      return idToken
    } catch (error) {
      if (!isCredentialRefusal(error)) throw error
      client.credentials.refused(credential, error)
      first ??= error
    }
  }
  throw first ?? new EntradaError('entra_not_configured')
}

async function tradeCodeWith(
  client: EntraClient,
  metadata: EntraMetadata,
  { credential, deadline, ...request }: RedeemRequest & { readonly credential: ClientCredential },
): Promise<string> {
  const { code, redirectUri, nonce, codeVerifier, correlationId } = request
  const proof = await credential.proveAt(metadata.tokenEndpoint)
  const { application, lastTokenAnswer } = msalApplication(client, metadata, { proof, deadline })
  try {
    await application.acquireTokenByCode({
      code,
      redirectUri,
      codeVerifier,
      correlationId,
      nonce,
      scopes: SCOPES,
    })
  } catch (error) {
    // MSAL rewords refusals; what the endpoint really said decides. A nonce mismatch is found again by our own check.
    const answer = lastTokenAnswer()
    if (answer === undefined) throw asRefusal(error)
    if (answer.status !== 200) {
      const evidence = { status: answer.status, credential: credential.id }
      throw tokenRefusal(parseEntraError(answer.body), evidence)
    }
  }
  const idToken = lastTokenAnswer()?.body.id_token
  if (typeof idToken !== 'string') throw new EntradaError('id_token_missing')
  return idToken
}

/**
 * Verifies signature, key issuer and claims; MSAL verifies none of them.
 *
 * @see OpenID Connect Core §3.1.3.7; RFC 8725
 */
async function verifyIdToken(
  client: EntraClient,
  metadata: EntraMetadata,
  { idToken, nonce, signal }: { idToken: string; nonce: string; signal: AbortSignal },
): Promise<VerifiedIdentity> {
  const { kid } = checkIdTokenHeader(protectedHeader(idToken))
  const key = await client.authority.findSigningKey(kid, signal)
  if (key === undefined) throw new EntradaError('id_token_key_unknown', { kid })

  const claims = checkIdTokenClaims(await verifiedPayload(idToken, key), {
    issuerForTenant: (tenantId) => issuerForTenant(metadata.issuer, tenantId),
    clientId: client.clientId,
    nonce,
    now: client.now(),
  })
  if (!mayKeySignFor(key, claims.iss, claims.tid)) {
    throw new EntradaError('id_token_key_unknown', { kid, reason: 'key_issuer' })
  }
  return toVerifiedIdentity(claims, client.cloud)
}

function protectedHeader(idToken: string): Record<string, unknown> {
  try {
    return { ...decodeProtectedHeader(idToken) }
  } catch (cause) {
    throw new EntradaError('id_token_header_invalid', { member: '(header)' }, { cause })
  }
}

async function verifiedPayload(idToken: string, key: SigningKey): Promise<Record<string, unknown>> {
  try {
    const { payload } = await compactVerify(idToken, await importJWK(key, 'RS256'), {
      algorithms: ['RS256'],
    })
    return { ...(JSON.parse(new TextDecoder().decode(payload)) as object | null) } // signed JSON, members checked next
  } catch {
    // Without the cause: its message can hold a piece of the token.
    throw new EntradaError('id_token_signature_invalid', { kid: key.kid })
  }
}

function asRefusal(error: unknown): EntradaError {
  return error instanceof EntradaError
    ? error
    : new EntradaError('entra_unreachable', { endpoint: 'token' }, { cause: error })
}

type MsalProof = ClientProof | { readonly clientAssertion: () => Promise<string> }

/** MSAL wants a credential also where it sends none. */
const noProof: MsalProof = {
  clientAssertion: async () => {
    throw new EntradaError('internal_error', { reason: 'a credential was asked for without need' })
  },
}

/**
 * A fresh MSAL application for one call. A shared one keeps every person's tokens, slows down with each of them, and holds one
 * bad answer of Entra against everybody for a minute (`decisions/0002-msal.md`).
 */
function msalApplication(
  client: EntraClient,
  metadata: EntraMetadata,
  { proof, deadline }: { readonly proof: MsalProof; readonly deadline?: AbortSignal },
) {
  let answer: EntraAnswer | undefined
  let failure: EntradaError | undefined
  const tenantPath = new URL(metadata.tokenEndpoint).pathname.split('/')[1]
  const origin = asHttps(new URL(metadata.tokenEndpoint).origin)

  const application = new ConfidentialClientApplication({
    auth: {
      clientId: client.clientId,
      ...proof,
      authority: `${origin}/${tenantPath}`,
      knownAuthorities: [new URL(origin).host],
      authorityMetadata: JSON.stringify({
        issuer: asHttps(metadata.issuer),
        authorization_endpoint: asHttps(metadata.authorizationEndpoint),
        token_endpoint: asHttps(metadata.tokenEndpoint),
        end_session_endpoint: asHttps(metadata.endSessionEndpoint),
        jwks_uri: asHttps(metadata.jwksUri),
      }),
    },
    system: {
      loggerOptions: { logLevel: LogLevel.Error, piiLoggingEnabled: false, loggerCallback() {} },
      networkClient: {
        sendGetRequestAsync: async () => {
          throw new EntradaError('entra_answer_invalid', {
            reason: 'MSAL asked for more than the token endpoint',
          })
        },
        async sendPostRequestAsync<T>(
          url: string,
          options?: { headers?: Record<string, string>; body?: string },
        ) {
          answer = await client.http
            .postForm(fromMsalUrl(url, metadata), options?.body ?? '', {
              endpoint: 'token',
              ...(options?.headers ? { headers: options.headers } : {}),
              ...(deadline ? { signal: deadline } : {}),
            })
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

/** MSAL takes https only, also on loopback; the emulator speaks http there. The way back is {@link fromMsalUrl}. */
function asHttps(url: string): string {
  return url.replace(/^http:/, 'https:')
}

function fromMsalUrl(url: string, metadata: EntraMetadata): string {
  return metadata.tokenEndpoint.startsWith('http:') ? url.replace(/^https:/, 'http:') : url
}
