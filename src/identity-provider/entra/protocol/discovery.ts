import { EntradaError } from '../../../errors/errors.ts'
import { isGuid } from '../../../protocol/guid.ts'
import { issuerOrigin } from './entra-hosts.ts'

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

/**
 * Reads a discovery document and keeps it only if issuer and endpoints are on the authority's own origin. A directory of External ID has
 * two hosts, that of its name and that of its tenant id: the document may come from either and name either.
 *
 * @throws {EntradaError} `provider_answer_invalid` when it is no such document, `entra_metadata_invalid` when it is somebody else's.
 * @see OpenID Connect Discovery §4.3
 */
export function parseDiscovery(wire: unknown, authority: URL): EntraMetadata {
  const document = asRecord(wire)
  const issuer = text(document, 'issuer')
  const tenant = issuerTenant(issuer, authority).toLowerCase()
  const origins = [authority.origin, issuerOrigin(authority, tenant)]
  return {
    issuer,
    authorizationEndpoint: endpoint(document, 'authorization_endpoint', origins),
    tokenEndpoint: endpoint(document, 'token_endpoint', origins),
    jwksUri: endpoint(document, 'jwks_uri', origins),
    endSessionEndpoint: endpoint(document, 'end_session_endpoint', origins),
    ...(isGuid(tenant) ? { tenantId: tenant } : {}),
    ...(document.msgraph_host === undefined ? {} : { msgraphHost: text(document, 'msgraph_host') }),
  }
}

/** The issuer that a token of this tenant must carry, `{tenantid}` filled in: in External ID it is part of the host as well. */
export function issuerForTenant(issuerTemplate: string, tenantId: string): string {
  return issuerTemplate.replaceAll('{tenantid}', () => tenantId)
}

function issuerTenant(issuer: string, authority: URL): string {
  // Parsed by hand: `new URL` would percent-encode the braces of `{tenantid}`.
  const tenant = /\/([^/]+)\/v2\.0$/.exec(issuer)?.[1]
  if (tenant !== '{tenantid}' && !isGuid(tenant)) throw anotherParty('issuer')
  const origins = [authority.origin, issuerOrigin(authority, tenant)]
  if (!origins.some((origin) => issuer === `${origin}/${tenant}/v2.0`)) throw anotherParty('issuer')
  return tenant
}

function endpoint(
  document: Record<string, unknown>,
  member: string,
  origins: readonly string[],
): string {
  const value = text(document, member)
  if (!origins.includes(URL.parse(value)?.origin ?? '')) throw anotherParty(member)
  return value
}

function anotherParty(member: string): EntradaError {
  return new EntradaError('entra_metadata_invalid', { member })
}

function text(document: Record<string, unknown>, member: string): string {
  const value = document[member]
  if (typeof value !== 'string' || value.length > 2048) {
    throw new EntradaError('provider_answer_invalid', { endpoint: 'discovery', member })
  }
  return value
}

function asRecord(wire: unknown): Record<string, unknown> {
  if (typeof wire !== 'object' || wire === null || Array.isArray(wire)) {
    throw new EntradaError('provider_answer_invalid', {
      endpoint: 'discovery',
      member: '(document)',
    })
  }
  return wire as Record<string, unknown> // an object, checked above
}
