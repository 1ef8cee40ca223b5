import type { ProfileEmail, SessionView } from '../storage/records.ts'

/** In all of them together, so that proxies and applications with 8 KB for headers still take them. */
const MAX_GROUPS = 200

/**
 * Who it is, for the application behind the proxy. Every header is always there, empty where nothing is known: a proxy puts each in the
 * place of what the client sent under that name, and can do so only with what is in our answer. An unproven address has a header of its
 * own: an administrator of any directory can write any address into it, and applications identify users by their address.
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
  /** As before this distinction was made: whatever address there is counts as the email. */
  readonly forwardsUnproven?: boolean
}

/** The address by what may be said of it. */
export function splitEmail(
  email: ProfileEmail | undefined,
  { forwardsUnproven = false }: EmailOptions,
): { readonly proven?: string; readonly unproven?: string } {
  if (email === undefined) return {}
  const { address } = email
  if (email.proven) return { proven: address }
  return { unproven: address, ...(forwardsUnproven ? { proven: address } : {}) }
}

/** `undefined` when Entra did not tell them all, or there are more than a header holds: part of them would be a wrong answer. */
export function knownGroups({ groups }: SessionView): readonly string[] | undefined {
  if (groups === undefined) return []
  return groups.complete && groups.groups.length <= MAX_GROUPS ? groups.groups : undefined
}

/** Visible ASCII as it is, but for `%` and the comma that separates; everything else in percent-encoding of UTF-8. */
function headerValue(text: string): string {
  if (/^[\x21-\x24\x26-\x2b\x2d-\x7e]*$/.test(text)) return text
  return text.toWellFormed().replace(/[^\x21-\x24\x26-\x2b\x2d-\x7e]+/g, encodeURIComponent)
}
