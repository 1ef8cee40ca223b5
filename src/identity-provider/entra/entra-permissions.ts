import type { Connection } from '../../storage/records.ts'

/** How groups are read through Microsoft Graph. */
export type GroupReading = {
  /** `overage`: when the token shows that they did not fit. */
  readonly when: 'overage' | 'always'
  readonly nested: boolean
  readonly names: boolean
}

/** The permissions that a connection requests in addition to the identity; none by default. */
export type EntraPermissions = {
  readonly groups?: GroupReading
  /** A refresh token, to check sessions again. */
  readonly offlineAccess: boolean
}

/**
 * Returns the permissions of a connection. Only Graph can return direct groups alone, and names, so either means that it is called
 * at each sign-in.
 */
export function permissionsOf({
  policies,
  settings,
}: Pick<Connection, 'policies' | 'settings'>): EntraPermissions {
  const { from, nested, names } = settings.groups ?? { from: 'claim', nested: true, names: false }
  const always = from === 'graph' || !nested || names
  const onOverage = ['graph', 'graph_or_keep_last'].includes(policies.groupsOverage)
  return {
    offlineAccess: settings.recheckMinutes !== undefined,
    ...(always || onOverage
      ? { groups: { when: always ? 'always' : 'overage', nested, names } }
      : {}),
  }
}

/**
 * Returns the scopes of a sign-in. A scope without a resource means Microsoft Graph, in every cloud; an Entra-compatible server
 * with another host would refuse a named one. `GroupMember.Read.All` is not included: if an administrator has granted it, every
 * token of Graph has it, and a name for display must not stop a user at a consent page.
 *
 * @see https://learn.microsoft.com/entra/identity-platform/scopes-oidc
 */
export function scopesFor({ groups, offlineAccess }: EntraPermissions): readonly string[] {
  return [
    'openid',
    'profile',
    'email',
    ...(groups ? ['User.Read'] : []),
    ...(offlineAccess ? ['offline_access'] : []),
  ]
}
