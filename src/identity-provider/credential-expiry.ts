import type { Log } from '../log/log.ts'
import type { CredentialStatus } from './client-credentials.ts'

/** Days before the expiry at which a warning is logged. */
const WARN_AT_DAYS = [1, 7, 14, 30, 60] as const

/** Returns the threshold that a credential has reached, in days before its expiry; 0 when it has expired. */
export function expiryThreshold({ daysLeft }: CredentialStatus): number | undefined {
  if (daysLeft === undefined) return undefined
  return daysLeft < 0 ? 0 : WARN_AT_DAYS.find((days) => daysLeft <= days)
}

/** Logs each threshold when it is reached, and from the last day on once a day. An unknown expiry is logged once. */
export function createExpiryNotices({
  log,
  now,
}: {
  readonly log: Log
  readonly now: () => Date
}): (credentials: readonly CredentialStatus[]) => void {
  const reported = new Map<string, string>()

  const isNew = (about: string, isDaily: boolean): boolean => {
    const when = isDaily ? now().toISOString().slice(0, 10) : 'once'
    if (reported.get(about) === when) return false
    reported.set(about, when)
    return true
  }

  return (credentials) => {
    for (const credential of credentials) {
      const { id, kind, expiresAt, daysLeft } = credential
      const threshold = expiryThreshold(credential)
      if (kind === 'client_secret' && expiresAt === undefined && isNew(id, false)) {
        log.warn('credential_expiry_unknown', {
          credential: id,
          set: 'ENTRADA_ENTRA_CLIENT_SECRET_EXPIRES',
        })
      }
      if (threshold === undefined || !isNew(`${id} ${threshold}`, threshold <= 1)) continue
      const fields = { credential: id, kind, expiresAt: expiresAt?.toISOString(), daysLeft }
      if (threshold === 0) log.error('credential_expired', fields)
      else log.warn('credential_expires', fields)
    }
  }
}
