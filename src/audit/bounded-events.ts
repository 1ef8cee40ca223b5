/**
 * Limits how many of the events that any client can cause are stored. Each sort has a share of its own and all sorts have one in
 * common, so that a flood of one sort hides no other. Every minute, the number of events of each sort that were not stored becomes
 * an event and a log line.
 */

import type { ErrorCode } from '../errors/errors.ts'
import type { Services } from '../services.ts'
import type { ConnectionId, OrganizationId } from '../storage/records.ts'
import type { StorageTransaction } from '../storage/storage.ts'
import { type Audited, audit } from './audit.ts'
import type { AuditEventType } from './audit-events.ts'

const INTERVAL_MS = 60_000
/** This many sorts are counted separately in one interval; further ones are counted together by the type of their events. */
const MOST_SORTS = 500

/** Events of one sort differ only in time, person and address. */
export type EventSort = {
  readonly eventType: Extract<AuditEventType, 'sign_in.refused' | 'operator.sign_in_refused'>
  readonly code?: ErrorCode
  readonly connectionId?: ConnectionId | undefined
  readonly organizationId?: OrganizationId | undefined
}
export type UnstoredCount = {
  readonly sort: EventSort
  readonly count: number
  readonly since: Date
}

export type UnstoredEvents = {
  note(sort: EventSort): void
  /** Returns the counts since the last call. */
  take(): readonly UnstoredCount[]
}

/** Creates the counts of events that were not stored. */
export function createUnstoredEvents(now: () => Date): UnstoredEvents {
  let counts = new Map<string, UnstoredCount>()
  return {
    note(sort) {
      const isRoom = counts.has(keyOf(sort)) || counts.size < MOST_SORTS
      const counted = isRoom ? sort : { eventType: sort.eventType }
      const { count, since } = counts.get(keyOf(counted)) ?? { count: 0, since: now() }
      counts.set(keyOf(counted), { sort: counted, count: count + 1, since })
    },
    take() {
      const taken = [...counts.values()]
      counts = new Map()
      return taken
    },
  }
}

/** Returns whether an event of this sort may be stored. If not, the event is counted. */
export async function mayBeStored(
  services: Pick<Services, 'limits' | 'metrics' | 'unstoredEvents'>,
  sort: EventSort,
): Promise<boolean> {
  const { limits } = services
  const allowed =
    (await limits.allows('recorded_of_sort', keyOf(sort))) ||
    (await limits.allows('recorded', 'all'))
  if (!allowed) noteUnstored(services, sort)
  return allowed
}

/** Counts an event that is not stored, for whatever reason. */
export function noteUnstored(
  { metrics, unstoredEvents }: Pick<Services, 'metrics' | 'unstoredEvents'>,
  sort: EventSort,
): void {
  metrics.count('entrada_refusals_not_stored_total', undefined)
  unstoredEvents.note(sort)
}

/** Reports every minute what was neither stored nor logged. Returns the function that stops this and reports the rest. */
export function startReportingUnstored(services: Services): () => Promise<void> {
  let reporting = Promise.resolve()
  const timer = setInterval(() => {
    reporting = reporting.then(() => reportUnstored(services))
  }, INTERVAL_MS)
  timer.unref()
  return async () => {
    clearInterval(timer)
    await reporting
    await reportUnstored(services)
  }
}

/** Reports once what was neither stored nor logged. Never rejects: if the database is unreachable, the log has the counts. */
export async function reportUnstored(services: Services): Promise<void> {
  const { storage, log, refusalSampler, unstoredEvents } = services
  for (const { code, count } of refusalSampler.takeUnlogged()) {
    log.info('refusals_not_logged', { code, count })
  }
  const counts = unstoredEvents.take()
  if (counts.length === 0) return
  for (const { sort, count, since } of counts) {
    log.warn('events_not_stored', { ...sort, count, since })
  }
  try {
    const append = async (transaction: StorageTransaction) => {
      for (const count of counts) {
        await audit(services, transaction, eventOf(count))
      }
    }
    await storage.atomically(append, { scope: 'nothing' })
  } catch (error) {
    log.error('events_not_stored_not_recorded', { sorts: counts.length, error })
  }
}

function eventOf({ sort, count, since }: UnstoredCount): Audited {
  const { eventType, code, connectionId, organizationId } = sort
  const detail = { eventType, ...(code ? { code } : {}), count, since: since.toISOString() }
  const event = { type: 'audit.events_not_stored', detail } as const
  return { caller: { actor: { kind: 'system' } }, event, connectionId, organizationId }
}

function keyOf({ eventType, code, connectionId }: EventSort): string {
  return [eventType, code, connectionId].join(' ')
}
