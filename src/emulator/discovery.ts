import { type Authority, authoritySegment } from './find-in-directory.ts'

/** Returns the issuer of a tenant's tokens; without a tenant it is Entra's literal template. */
export function issuerOf(origin: string, tenantId = '{tenantid}'): string {
  return `${origin}/${tenantId}/v2.0`
}

/** Returns the issuer of version 1 tokens. It names the real Entra, because programs compare it with a constant. */
export function issuerOfVersion1(tenantId = '{tenantid}'): string {
  return `https://sts.windows.net/${tenantId}/`
}

/**
 * Returns the discovery document of version 1, for programs that verify version 1 access tokens.
 *
 * @see OpenID Connect Discovery §3
 */
export function discoveryDocumentOfVersion1(
  origin: string,
  authority: Authority,
): Record<string, unknown> {
  const isTenant = authority.kind === 'tenant'
  return {
    ...discoveryDocument(origin, authority),
    jwks_uri: `${origin}/${authoritySegment(authority)}/discovery/keys`,
    issuer: issuerOfVersion1(isTenant ? authority.tenant.id : undefined),
  }
}

/**
 * Returns the discovery document, with every member that Entra publishes.
 *
 * For `common` and `organizations` the endpoints contain the alias, and the issuer is the template.
 *
 * @see OpenID Connect Discovery §3
 */
export function discoveryDocument(origin: string, authority: Authority): Record<string, unknown> {
  const segment = authoritySegment(authority)
  const base = `${origin}/${segment}`
  const host = new URL(origin).host
  const isTenant = authority.kind === 'tenant'

  return {
    token_endpoint: `${base}/oauth2/v2.0/token`,
    token_endpoint_auth_methods_supported: [
      'client_secret_post',
      'private_key_jwt',
      'client_secret_basic',
    ],
    jwks_uri: `${base}/discovery/v2.0/keys`,
    response_modes_supported: ['query', 'fragment', 'form_post'],
    subject_types_supported: ['pairwise'],
    id_token_signing_alg_values_supported: ['RS256'],
    response_types_supported: ['code', 'id_token', 'code id_token', 'id_token token'],
    scopes_supported: ['openid', 'profile', 'email', 'offline_access'],
    issuer: issuerOf(origin, isTenant ? segment : undefined),
    request_uri_parameter_supported: false,
    userinfo_endpoint: `${origin}/oidc/userinfo`,
    authorization_endpoint: `${base}/oauth2/v2.0/authorize`,
    device_authorization_endpoint: `${base}/oauth2/v2.0/devicecode`,
    http_logout_supported: true,
    frontchannel_logout_supported: true,
    end_session_endpoint: `${base}/oauth2/v2.0/logout`,
    claims_supported: claimsSupported,
    kerberos_endpoint: `${base}/kerberos`,
    tenant_region_scope: isTenant ? 'EU' : null,
    cloud_instance_name: host,
    cloud_graph_host_name: host,
    msgraph_host: host,
    rbac_url: origin,
  }
}

const claimsSupported = [
  'sub',
  'iss',
  'cloud_instance_name',
  'cloud_instance_host_name',
  'cloud_graph_host_name',
  'msgraph_host',
  'aud',
  'exp',
  'iat',
  'auth_time',
  'acr',
  'nonce',
  'preferred_username',
  'name',
  'tid',
  'ver',
  'at_hash',
  'c_hash',
  'email',
]
