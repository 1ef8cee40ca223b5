import type { ConnectionId, Organization } from '../storage/records.ts'

/** The connection that people of an organization have to sign in through now. `undefined`: any, also while the way around it is open. Pure. */
export function requiredConnectionId(
  organization: Pick<Organization, 'settings'> | undefined,
  now: Date,
): ConnectionId | undefined {
  const required = organization?.settings.ssoRequired
  if (required === undefined) return undefined
  const { connectionId, bypass } = required
  return bypass !== undefined && now < new Date(bypass.until) ? undefined : connectionId
}
