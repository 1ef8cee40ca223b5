import { EntradaError } from '../errors.ts'
import { isGuid } from './guid.ts'

/** What we use of a discovery document. `issuer` may hold the literal `{tenantid}`. */
export type EntraMetadata = {
  readonly issuer: string
  readonly authorizationEndpoint: string
  readonly tokenEndpoint: string
  readonly jwksUri: string
  readonly endSessionEndpoint: string
  /** Tenant id, when the document is one tenant's. */
  readonly tenantId?: string
  /** Host of Microsoft Graph, as it was sent; `graph-origin.ts` says whether it counts. */
  readonly msgraphHost?: string
}

const ISSUER_PATH = /^\/([^/]+)\/v2\.0$/

/**
 * Reads a discovery document and keeps it only if issuer and endpoints are on the authority's own origin.
 *
 * @throws {EntradaError} `entra_answer_invalid` when it is no such document, `entra_metadata_invalid` when it is somebody else's.
 * @see OpenID Connect Discovery §4.3
 */
export function parseDiscovery(wire: unknown, authority: URL): EntraMetadata {
  const document = asRecord(wire)
  const issuer = text(document, 'issuer')
  const path = issuerPath(issuer, authority)
  const tenant = path.toLowerCase()
  return {
    issuer,
    authorizationEndpoint: endpoint(document, 'authorization_endpoint', authority),
    tokenEndpoint: endpoint(document, 'token_endpoint', authority),
    jwksUri: endpoint(document, 'jwks_uri', authority),
    endSessionEndpoint: endpoint(document, 'end_session_endpoint', authority),
    ...(isGuid(tenant) ? { tenantId: tenant } : {}),
    ...(typeof document.msgraph_host === 'string' ? { msgraphHost: document.msgraph_host } : {}),
  }
}

/** The issuer that a token of this tenant must carry, `{tenantid}` filled in. */
export function issuerForTenant(issuerTemplate: string, tenantId: string): string {
  return issuerTemplate.replace('{tenantid}', tenantId)
}

function issuerPath(issuer: string, authority: URL): string {
  // Parsed by hand: `new URL` would percent-encode the braces of `{tenantid}`.
  const prefix = authority.origin
  const path = issuer.startsWith(`${prefix}/`) ? issuer.slice(prefix.length) : ''
  const tenant = ISSUER_PATH.exec(path)?.[1]
  if (tenant !== '{tenantid}' && !isGuid(tenant)) {
    throw new EntradaError('entra_metadata_invalid', { member: 'issuer' })
  }
  return tenant
}

function endpoint(document: Record<string, unknown>, member: string, authority: URL): string {
  const value = text(document, member)
  if (URL.parse(value)?.origin !== authority.origin) {
    throw new EntradaError('entra_metadata_invalid', { member })
  }
  return value
}

function text(document: Record<string, unknown>, member: string): string {
  const value = document[member]
  if (typeof value !== 'string' || value.length > 2048) {
    throw new EntradaError('entra_answer_invalid', { endpoint: 'discovery', member })
  }
  return value
}

function asRecord(wire: unknown): Record<string, unknown> {
  if (typeof wire !== 'object' || wire === null || Array.isArray(wire)) {
    throw new EntradaError('entra_answer_invalid', { endpoint: 'discovery', member: '(document)' })
  }
  return wire as Record<string, unknown> // an object, checked above
}
