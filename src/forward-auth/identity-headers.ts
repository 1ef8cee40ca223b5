import type { ProfileEmail, SessionView } from '../storage/records.ts'

/** The limit over all headers, for proxies and applications that accept 8 KB of headers. */
const MAX_GROUPS = 200

/**
 * Returns the headers that identify the user to the application behind the proxy. Every header is always present, and empty if the
 * value is unknown: a proxy replaces what the client sent under each name, and can do so only with a header in our response. An
 * unproven email address has a header of its own: an administrator of any directory can enter any address, and applications
 * identify users by their address.
 */
export function identityHeaders(
  view: SessionView | undefined,
  options: EmailOptions = {},
): Readonly<Record<string, string>> {
  const { user, membership, organization, roles = [] } = view ?? {}
  const { proven, unproven } = splitEmail(membership?.profile.email, options)
  return {
    'X-Auth-Request-User': headerValue(membership?.username ?? ''),
    'X-Auth-Request-Id': user?.id ?? '',
    'X-Auth-Request-Email': headerValue(proven ?? ''),
    'X-Auth-Request-Email-Unverified': headerValue(unproven ?? ''),
    'X-Auth-Request-Groups': (view && knownGroups(view))?.map(headerValue).join(',') ?? '',
    'X-Auth-Request-Roles': roles.map(headerValue).join(','),
    'X-Auth-Request-Organization': headerValue(organization?.id ?? ''),
  }
}

export type EmailOptions = {
  /** Restores the behaviour before this distinction: any address counts as the email. */
  readonly forwardsUnproven?: boolean
}

/** Sorts the address by whether it is proven. */
export function splitEmail(
  email: ProfileEmail | undefined,
  { forwardsUnproven = false }: EmailOptions,
): { readonly proven?: string; readonly unproven?: string } {
  if (email === undefined) return {}
  const { address } = email
  if (email.proven) return { proven: address }
  return { unproven: address, ...(forwardsUnproven ? { proven: address } : {}) }
}

/**
 * Returns the groups, or `undefined` if Entra did not send them all or there are more than a header can hold: an incomplete list
 * would be wrong.
 */
export function knownGroups({ groups }: SessionView): readonly string[] | undefined {
  if (groups === undefined) return []
  return groups.complete && groups.groups.length <= MAX_GROUPS ? groups.groups : undefined
}

/** Visible ASCII stays as it is, except `%` and the comma, which separates. Everything else becomes percent-encoded UTF-8. */
function headerValue(text: string): string {
  if (/^[\x21-\x24\x26-\x2b\x2d-\x7e]*$/.test(text)) return text
  return text.toWellFormed().replace(/[^\x21-\x24\x26-\x2b\x2d-\x7e]+/g, encodeURIComponent)
}
