import { EntradaError } from '../errors/errors.ts'

const MAX_TEXT_LENGTH = 2048

/** What is used of the discovery document of an OpenID provider. */
export type DiscoveryDocument = {
  readonly issuer: string
  readonly authorizationEndpoint: string
  readonly tokenEndpoint: string
  readonly jwksUri: string
  /** Absent when the provider has no sign-out of its own. */
  readonly endSessionEndpoint?: string
}

/**
 * Reads a discovery document. Whether it belongs to the provider that was asked is checked by the caller.
 *
 * @throws {EntradaError} `provider_answer_invalid`, with the member's name in `detail.member`
 * @see OpenID Connect Discovery §3, §4.2; RP-Initiated Logout §2.1
 */
export function parseDiscoveryDocument(wire: unknown): DiscoveryDocument {
  const endSessionEndpoint = optionalDiscoveryText(wire, 'end_session_endpoint')
  return {
    issuer: discoveryText(wire, 'issuer'),
    authorizationEndpoint: discoveryText(wire, 'authorization_endpoint'),
    tokenEndpoint: discoveryText(wire, 'token_endpoint'),
    jwksUri: discoveryText(wire, 'jwks_uri'),
    ...(endSessionEndpoint === undefined ? {} : { endSessionEndpoint }),
  }
}

/**
 * Reads one text of a discovery document that has to be there.
 *
 * @throws {EntradaError} `provider_answer_invalid`
 */
export function discoveryText(wire: unknown, member: string): string {
  const value = asRecord(wire)[member]
  if (typeof value === 'string' && value.length <= MAX_TEXT_LENGTH) return value
  throw new EntradaError('provider_answer_invalid', { endpoint: 'discovery', member })
}

/**
 * Reads one text of a discovery document, or returns `undefined` when the document has no such member.
 *
 * @throws {EntradaError} `provider_answer_invalid`
 */
export function optionalDiscoveryText(wire: unknown, member: string): string | undefined {
  return asRecord(wire)[member] === undefined ? undefined : discoveryText(wire, member)
}

function asRecord(wire: unknown): Readonly<Record<string, unknown>> {
  if (typeof wire !== 'object' || wire === null || Array.isArray(wire)) {
    throw new EntradaError('provider_answer_invalid', {
      endpoint: 'discovery',
      member: '(document)',
    })
  }
  return wire as Record<string, unknown> // an object, checked above
}
