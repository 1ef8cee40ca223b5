import { createHash, timingSafeEqual } from 'node:crypto'
import type { ClientProof } from './api-token-claims.ts'
import { findAssertionRefusal } from './client-assertion.ts'
import type { Application } from './directory.ts'
import type { AddressedExchange } from './exchange.ts'
import { authoritySegment } from './find-in-directory.ts'
import { isSinglePageOrigin, type Platform } from './redirect-uri.ts'
import { type Refusal, refusal } from './refusals.ts'
import type { EmulatorState } from './state.ts'

/** What a client sent about itself to the token endpoint. */
export type ClientCredentials = {
  readonly clientId: string | undefined
  readonly secret: string | undefined
  readonly assertion: string | undefined
  readonly assertionType: string | undefined
}

/** Reads the client's id and secret from the form, else from HTTP Basic (RFC 6749 §2.3.1). */
export function readClientCredentials(
  request: Request,
  parameters: URLSearchParams,
): ClientCredentials {
  const basic = parseBasic(request.headers.get('authorization'))
  return {
    clientId: parameters.get('client_id') || basic?.clientId,
    // A public client may send only its id by HTTP Basic, with nothing after the colon.
    secret: parameters.get('client_secret') || basic?.secret || undefined,
    assertion: parameters.get('client_assertion') ?? undefined,
    assertionType: parameters.get('client_assertion_type') ?? undefined,
  }
}

/** Returns the value of `azpacr` for a client: `0` without a credential, `1` with a secret, `2` with an assertion. */
export function clientProofOf({ secret, assertion }: ClientCredentials): ClientProof {
  if (assertion !== undefined) return '2'
  return secret === undefined ? '0' : '1'
}

/**
 * Checks that the client authenticates as its platform requires: "Web" with a credential, the others without one, and a single-page
 * application from a page of its own. Returns `undefined` if it does.
 */
export async function findClientRefusal(
  state: EmulatorState,
  exchange: AddressedExchange,
  client: {
    readonly application: Application
    readonly credentials: ClientCredentials
    readonly platform: Platform
  },
): Promise<Refusal | undefined> {
  const { application, credentials, platform } = client
  const origin = exchange.request.headers.get('origin')
  const isOwnPage = origin !== null && isSinglePageOrigin(application, origin)
  if (origin !== null && !(platform === 'spa' && isOwnPage)) return refusal(9002326)
  if (platform === 'spa' && origin === null) return refusal(9002327)
  if (platform === 'web') return findCredentialRefusal(state, exchange, client)
  return clientProofOf(credentials) === '0' ? undefined : refusal(700025)
}

/** Checks the assertion or the secret of a client. */
async function findCredentialRefusal(
  state: EmulatorState,
  exchange: AddressedExchange,
  client: { readonly application: Application; readonly credentials: ClientCredentials },
): Promise<Refusal | undefined> {
  const { application, credentials } = client
  const { assertion, assertionType: type, secret } = credentials
  if (assertion !== undefined) {
    if (secret !== undefined) return refusal(9002313, 'One credential, not two.')
    const audiences = audiencesOf(state, exchange)
    return findAssertionRefusal(state, { application, assertion, type, audiences })
  }
  return findSecretRefusal(application, secret, state.now())
}

/** Compares a secret with all secrets of the application. */
function findSecretRefusal(
  application: Application,
  secret: string | undefined,
  now: Date,
): Refusal | undefined {
  if (secret === undefined) return refusal(7000218)
  const matching = application.secrets.filter(({ value }) => isEqualSecret(value, secret))
  if (matching.length === 0) return refusal(7000215)
  const isCurrent = matching.some(({ expiresAt }) => expiresAt === undefined || expiresAt > now)
  return isCurrent ? undefined : refusal(7000222)
}

/**
 * Returns the allowed values of an assertion's `aud`: this endpoint, by the tenant's id or by the name in the address, or the
 * issuer.
 */
function audiencesOf(
  { origin }: EmulatorState,
  { request, authority }: AddressedExchange,
): readonly string[] {
  const segment = authoritySegment(authority)
  return [
    `${origin}/${segment}/oauth2/v2.0/token`,
    `${origin}${new URL(request.url).pathname}`,
    `${origin}/${segment}/v2.0`,
  ]
}

function parseBasic(header: string | null) {
  const encoded = /^Basic +([A-Za-z0-9+/=]+)$/i.exec(header ?? '')?.[1]
  if (encoded === undefined) return undefined
  const text = Buffer.from(encoded, 'base64').toString('utf8')
  const colon = text.indexOf(':')
  if (colon < 0) return undefined
  return { clientId: decode(text.slice(0, colon)), secret: decode(text.slice(colon + 1)) }
}

function decode(value: string): string {
  return new URLSearchParams(`v=${value.replaceAll('&', '%26')}`).get('v') ?? ''
}

// Both are hashed first, so that the comparison takes the same time for any length.
function isEqualSecret(a: string, b: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest()
  return timingSafeEqual(digest(a), digest(b))
}
