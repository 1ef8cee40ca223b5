import type { Application } from './directory.ts'
import { isSinglePageOrigin, type Platform } from './redirect-uri.ts'
import type { EmulatorState } from './state.ts'

/** The grants of the token endpoint. */
export const grantTypes = {
  code: 'authorization_code',
  refresh: 'refresh_token',
  client: 'client_credentials',
  device: 'urn:ietf:params:oauth:grant-type:device_code',
  onBehalfOf: 'urn:ietf:params:oauth:grant-type:jwt-bearer',
} as const

/** Returns the name of a grant. Microsoft's libraries use a name for that of devices that is older than RFC 8628. */
export function grantTypeOf(form: URLSearchParams): string | null {
  const grantType = form.get('grant_type')
  return grantType === 'device_code' ? grantTypes.device : grantType
}

/**
 * Decides as which platform an application redeems a grant. The redirect URI of the sign-in decides; without one, "Allow public
 * client flows" does. For an unknown grant, the platform that the application seems to intend is used, so that the refusal is about
 * the grant.
 *
 * @see RFC 6749 §2.1
 */
export function decidePlatform(
  state: EmulatorState,
  { request, form }: { readonly request: Request; readonly form: URLSearchParams },
  client: { readonly application: Application; readonly hasCredential: boolean },
): Platform {
  const { application, hasCredential } = client
  switch (grantTypeOf(form)) {
    case grantTypes.client:
    case grantTypes.onBehalfOf:
      return 'web'
    case grantTypes.device:
      return platformOfDevices(application)
  }
  const grant =
    state.codes.find(form.get('code') ?? '') ??
    state.refreshTokens.find(form.get('refresh_token') ?? '')
  if (grant?.clientId === application.clientId) return grant.platform
  if (hasCredential) return 'web'
  const origin = request.headers.get('origin')
  if (origin !== null) return isSinglePageOrigin(application, origin) ? 'spa' : 'web'
  return mayBePublic(application) ? 'native' : 'web'
}

/** Returns the platform as which an application redeems a device code, which has no redirect URI. */
export function platformOfDevices({ allowPublicClient }: Application): Platform {
  return allowPublicClient ? 'native' : 'web'
}

function mayBePublic(application: Application): boolean {
  const { allowPublicClient, nativeRedirectUris, loopbackRedirectUris } = application
  return allowPublicClient || nativeRedirectUris.length > 0 || loopbackRedirectUris === 'native'
}
