import { EntradaError } from '../../../errors/errors.ts'
import {
  type DiscoveryDocument,
  discoveryText,
  optionalDiscoveryText,
  parseDiscoveryDocument,
} from '../../../protocol/discovery.ts'
import { isGuid } from '../../../protocol/guid.ts'
import { issuerOrigin } from './entra-hosts.ts'

/** The part of Entra's discovery document that Entrada uses. `issuer` may contain the literal `{tenantid}`. */
export type EntraMetadata = DiscoveryDocument & {
  readonly endSessionEndpoint: string
  /** The tenant id, if the document belongs to one tenant. */
  readonly tenantId?: string
  /** The host of Microsoft Graph as it was sent; `graph-origin.ts` decides whether it counts. */
  readonly msgraphHost?: string
}

/**
 * Reads a discovery document of Entra and keeps it only if issuer and endpoints are on the authority's own origin. A directory of External
 * ID has two hosts, that of its name and that of its tenant id: the document may come from either and name either.
 *
 * @throws {EntradaError} `provider_answer_invalid` when it is no such document, `entra_metadata_invalid` when it belongs to another authority.
 * @see OpenID Connect Discovery §4.3
 */
export function parseDiscovery(wire: unknown, authority: URL): EntraMetadata {
  const document = parseDiscoveryDocument(wire)
  const endSessionEndpoint = discoveryText(wire, 'end_session_endpoint')
  const msgraphHost = optionalDiscoveryText(wire, 'msgraph_host')
  const tenant = issuerTenant(document.issuer, authority).toLowerCase()
  const origins = [authority.origin, issuerOrigin(authority, tenant)]
  checkOrigin('authorization_endpoint', document.authorizationEndpoint, origins)
  checkOrigin('token_endpoint', document.tokenEndpoint, origins)
  checkOrigin('jwks_uri', document.jwksUri, origins)
  checkOrigin('end_session_endpoint', endSessionEndpoint, origins)
  return {
    ...document,
    endSessionEndpoint,
    ...(isGuid(tenant) ? { tenantId: tenant } : {}),
    ...(msgraphHost === undefined ? {} : { msgraphHost }),
  }
}

/** Returns the issuer that a token of this tenant must have, `{tenantid}` filled in: in External ID it is part of the host as well. */
export function issuerForTenant(issuerTemplate: string, tenantId: string): string {
  return issuerTemplate.replaceAll('{tenantid}', () => tenantId)
}

function issuerTenant(issuer: string, authority: URL): string {
  // The text is split by hand, because `new URL` would percent-encode the braces of `{tenantid}`.
  const tenant = /\/([^/]+)\/v2\.0$/.exec(issuer)?.[1]
  if (tenant !== '{tenantid}' && !isGuid(tenant)) throw anotherParty('issuer')
  const origins = [authority.origin, issuerOrigin(authority, tenant)]
  if (!origins.some((origin) => issuer === `${origin}/${tenant}/v2.0`)) throw anotherParty('issuer')
  return tenant
}

function checkOrigin(member: string, address: string, origins: readonly string[]): void {
  if (!origins.includes(URL.parse(address)?.origin ?? '')) throw anotherParty(member)
}

function anotherParty(member: string): EntradaError {
  return new EntradaError('entra_metadata_invalid', { member })
}
