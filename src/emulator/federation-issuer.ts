import { randomUUID } from 'node:crypto'
import { TOKEN_EXCHANGE_AUDIENCE } from './directory-schema.ts'
import { signIdToken } from './sign-id-token.ts'
import { toPublishedJwk } from './signing-keys.ts'
import type { EmulatorState } from './state.ts'

/** The claims of a workload's token; `audience` is Entra's for token exchange by default. */
export type FederatedTokenOptions = {
  readonly subject: string
  readonly audience?: string
  readonly issuer?: string
  readonly lifetimeSeconds?: number
}

/** Returns the issuer of workload tokens that the emulator hosts, in place of a Kubernetes cluster or a build service. */
export function federationIssuerOf(origin: string): string {
  return `${origin}/emulator/issuer`
}

/** Creates a workload's token, signed by the issuer that the emulator hosts. */
export async function newFederatedToken(
  state: EmulatorState,
  { subject, audience, issuer, lifetimeSeconds = 3600 }: FederatedTokenOptions,
): Promise<string> {
  const issuedAt = Math.floor(state.now().getTime() / 1000)
  const claims = {
    iss: issuer ?? federationIssuerOf(state.origin),
    sub: subject,
    aud: audience ?? TOKEN_EXCHANGE_AUDIENCE,
    jti: randomUUID(),
    iat: issuedAt,
    nbf: issuedAt,
    exp: issuedAt + lifetimeSeconds,
  }
  return signIdToken(claims, { keys: state.keys, clientSecret: '', fault: undefined })
}

/** Returns the discovery document of the issuer of workload tokens. */
export function federationDiscovery(origin: string): Record<string, unknown> {
  const issuer = federationIssuerOf(origin)
  return {
    issuer,
    jwks_uri: `${issuer}/keys`,
    response_types_supported: ['id_token'],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: ['RS256'],
  }
}

/** Returns the keys of the issuer: those of the emulator, without Microsoft's `issuer` member. */
export async function federationKeys(state: EmulatorState): Promise<Record<string, unknown>> {
  const published = await state.keys.published()
  const keys = published.map((key) => {
    const { issuer: _, ...jwk } = toPublishedJwk(key, '')
    return jwk
  })
  return { keys }
}
