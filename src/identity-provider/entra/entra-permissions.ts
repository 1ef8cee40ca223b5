import type { Connection } from '../../storage/records.ts'

/** How groups are read through Microsoft Graph. */
export type GroupReading = {
  /** `overage`: when the token says that they did not fit. */
  readonly when: 'overage' | 'always'
  readonly nested: boolean
  readonly names: boolean
}

/** What a connection asks of Entra beside who somebody is. Nothing, unless it was told to. */
export type EntraPermissions = {
  readonly groups?: GroupReading
  /** A refresh token, to check sessions again. */
  readonly offlineAccess: boolean
}

/** Direct groups alone, and names, only Graph can tell: either means that it is asked each time. */
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
 * The scopes of a sign-in. A scope without a resource means Microsoft Graph, in every cloud; the name of a host would be refused by an
 * Entra-compatible server that has another one. `GroupMember.Read.All` is not among them: whoever an administrator has granted it gets it with any token of
 * Graph, and a name that is only shown must keep nobody out at a consent page.
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
