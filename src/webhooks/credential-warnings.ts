/** Warns in time that a customer's connection will stop working because its last credential expires. */
import { audit, type ChangeServices } from '../audit/audit.ts'
import type { Services } from '../services.ts'
import { allOf } from '../storage/all-of.ts'
import { credentialsEndAt } from '../storage/credentials-end.ts'
import type { Connection } from '../storage/records.ts'
import type { StorageTransaction } from '../storage/storage.ts'

const DAY_MS = 86_400_000
const HOUR_MS = 3_600_000
/** Days before the expiry at which a warning is sent; 0 is the expiry itself. */
export const warningDays: readonly number[] = [60, 30, 14, 7, 1, 0]

/** Sends warnings every hour, on one replica. Returns the function that stops it. */
export function startCredentialWarnings(
  services: ChangeServices & Pick<Services, 'log'>,
  holder: string,
): () => void {
  const work = () =>
    warnInTime(services, holder).catch((error: unknown) =>
      services.log.warn('credential_warnings_failed', { error }),
    )
  const timer = setInterval(work, HOUR_MS)
  timer.unref()
  void work()
  return () => clearInterval(timer)
}

/** Sends the warnings for the connections that are on and expire soon. Returns how many it sent. */
export async function warnInTime(
  services: ChangeServices & Pick<Services, 'log'>,
  holder: string,
): Promise<number> {
  const now = services.now()
  const until = new Date(now.getTime() + HOUR_MS / 2)
  if (!(await services.storage.takeLease('credential-warnings', { holder, now, until }))) return 0
  // One more day, because the storage excludes the bound itself.
  const farthest = Math.max(...warningDays) + 1
  const credentialsEndBefore = new Date(now.getTime() + farthest * DAY_MS)
  let sent = 0
  const filter = { status: 'on', credentialsEndBefore } as const
  const connections = allOf((page) => services.storage.listConnections(filter, page))
  for await (const connection of connections)
    sent += Number(await warnOf(services, connection, now))
  return sent
}

/**
 * Each threshold of each expiry is reported once, whichever replica does it. If several thresholds were missed, only the nearest is
 * reported.
 */
async function warnOf(
  services: ChangeServices & Pick<Services, 'log'>,
  connection: Connection,
  now: Date,
): Promise<boolean> {
  const endsAt = credentialsEndAt(connection)
  if (endsAt === undefined || connection.managedBy === 'environment') return false
  const daysLeft = Math.max(0, Math.ceil((endsAt.getTime() - now.getTime()) / DAY_MS))
  const threshold = Math.min(...warningDays.filter((days) => daysLeft <= days))
  if (!Number.isFinite(threshold)) return false
  const key = `credential-end:${connection.id}:${endsAt.getTime()}:${threshold}`
  const warn = async (transaction: StorageTransaction) => {
    if (!(await transaction.rememberWarning(key, now))) return false
    const detail = { endsAt: endsAt.toISOString(), daysLeft }
    const { organizationId, id: connectionId } = connection
    const caller = { actor: { kind: 'system' } } as const
    const event = { type: 'connection.credential_ends', detail } as const
    await audit(services, transaction, { caller, event, organizationId, connectionId })
    services.log[daysLeft <= 7 ? 'error' : 'warn']('credential_ends', { connectionId, ...detail })
    return true
  }
  return services.storage.atomically(warn, { scope: 'nothing' })
}
