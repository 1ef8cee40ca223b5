import type { Person } from './find-in-directory.ts'

/** Returns MSAL's `client_info`: the account's own object id and tenant, also for a guest. */
export function toClientInfo({ user, tenant }: Person): string {
  return Buffer.from(JSON.stringify({ uid: user.id, utid: tenant.id })).toString('base64url')
}
