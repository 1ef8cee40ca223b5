import type { ConnectionId, Organization } from '../storage/records.ts'

/**
 * Returns the connection through which members of an organization have to sign in now. `undefined` means any connection, also while
 * a bypass is open. Pure.
 */
export function requiredConnectionId(
  organization: Pick<Organization, 'settings'> | undefined,
  now: Date,
): ConnectionId | undefined {
  const required = organization?.settings.ssoRequired
  if (required === undefined) return undefined
  const { connectionId, bypass } = required
  return bypass !== undefined && now < new Date(bypass.until) ? undefined : connectionId
}
