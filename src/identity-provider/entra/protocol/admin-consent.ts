import { EntradaError } from '../../../errors/errors.ts'
import { isGuid, PERSONAL_ACCOUNTS_TENANT_ID } from '../../../protocol/guid.ts'

/**
 * The permissions that we request from a customer's directory: the sign-in, and the user's own profile and groups. A name without a
 * resource is Graph's.
 */
const CONSENTED_SCOPES = ['openid', 'profile', 'email', 'User.Read']

/**
 * Returns the address at which an administrator consents for a whole directory, whichever it is.
 *
 * @see https://learn.microsoft.com/entra/identity-platform/v2-admin-consent
 */
export function adminConsentUrl({
  authority,
  offlineAccess,
  ...parameters
}: {
  readonly authority: string
  readonly clientId: string
  readonly redirectUri: string
  readonly state: string
  /** Whether sessions are checked again. */
  readonly offlineAccess: boolean
}): URL {
  const scopes = [...CONSENTED_SCOPES, ...(offlineAccess ? ['offline_access'] : [])]
  const url = new URL('/organizations/v2.0/adminconsent', authority)
  url.searchParams.set('client_id', parameters.clientId)
  url.searchParams.set('scope', scopes.join(' '))
  url.searchParams.set('redirect_uri', parameters.redirectUri)
  url.searchParams.set('state', parameters.state)
  return url
}

/**
 * Returns the directory that consented according to an answer. Such an answer can be forged: it is accepted only after a person of
 * that directory has signed in. Errors are read before (`parseAuthorizationResponse`), because they contain `admin_consent=True`
 * too.
 *
 * @throws {EntradaError} `consent_answer_invalid`, `directory_is_personal`
 */
export function parseConsentedTenant(query: URLSearchParams): string {
  const [tenant, another] = query.getAll('tenant')
  const [consented, again] = query.getAll('admin_consent')
  const isOne = another === undefined && again === undefined
  if (!isOne || consented?.toLowerCase() !== 'true' || !isGuid(tenant)) {
    throw new EntradaError('consent_answer_invalid')
  }
  const tenantId = tenant.toLowerCase()
  if (tenantId === PERSONAL_ACCOUNTS_TENANT_ID) throw new EntradaError('directory_is_personal')
  return tenantId
}
