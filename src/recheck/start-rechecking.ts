/** Rechecks sessions against Entra in the background when they are due; no request waits for it. */
import { newUuid } from '../keys/ids.ts'
import type { Services } from '../services.ts'
import type { ConnectionId, SessionId } from '../storage/records.ts'
import type { GrantLease, SessionGrant } from '../storage/session-grants.ts'
import { type RecheckOutcome, recheckSession } from './recheck-session.ts'

const INTERVAL_MS = 10_000
/** A lease lasts longer than all checks of one batch may take. */
const LEASE_MS = 120_000
const BATCH = 40
const AT_ONCE = 8
/** At most this many sessions in use are checked early; the others wait until they are due. */
const MOST_SOON = 32
/** After this many failures in a row, a connection is left alone for a while. The problem of one person never causes so many. */
const FAILURES_TO_PAUSE = 5
const PAUSE_MS = 60_000

export type Rechecking = {
  /** Checks everything that is due now. Returns how many sessions were checked. Rejects when the database fails. */
  round(): Promise<number>
  /** Checks a session in use now, if it is due. The caller does not wait for it, and it does not throw. */
  soon(sessionId: SessionId): void
  /** Resolves when the checks under way have ended. */
  stop(): Promise<void>
}

/** Creates the rechecks of this process. */
export function createRechecking(services: Services): Rechecking {
  const pauses = createPauses(services)
  const inUse = new Set<Promise<unknown>>()
  let stopped = false

  const check = async (grant: SessionGrant, leaseId: string): Promise<void> => {
    const outcome = await recheckSession(services, { grant, leaseId })
    pauses.note(grant.connectionId, outcome)
  }
  const lease = async (selection: Pick<GrantLease, 'limit' | 'sessionId'>) => {
    const now = services.now()
    const leaseId = newUuid(services)
    const until = new Date(now.getTime() + LEASE_MS)
    const except = pauses.list()
    const grants = await services.storage.leaseSessionGrants({
      ...selection,
      leaseId,
      now,
      until,
      except,
    })
    return { grants, leaseId }
  }
  const checkOne = async (sessionId: SessionId): Promise<void> => {
    const grant = await services.storage.findSessionGrant(sessionId)
    if (grant === undefined || grant.nextCheckAt > services.now()) return
    const { grants, leaseId } = await lease({ limit: 1, sessionId })
    for (const dueGrant of grants) await check(dueGrant, leaseId)
  }

  return {
    async round() {
      let looked = 0
      for (;;) {
        const { grants, leaseId } = await lease({ limit: BATCH })
        await inParallel(grants, AT_ONCE, async (grant) => {
          // When the server stops, checks that have not begun are leased to another server a moment later.
          if (!stopped) await check(grant, leaseId)
        })
        looked += grants.length
        if (grants.length < BATCH || stopped) return looked
      }
    },
    soon(sessionId) {
      if (stopped || inUse.size >= MOST_SOON) return
      const checking = checkOne(sessionId)
        .catch((error: unknown) => services.log.warn('session_recheck_not_run', { error }))
        .finally(() => inUse.delete(checking))
      inUse.add(checking)
    },
    async stop() {
      stopped = true
      await Promise.all(inUse)
    },
  }
}

/** Runs a round every few seconds. Returns the function that stops it. */
export function startRechecking(
  rechecking: Rechecking,
  { log }: Pick<Services, 'log'>,
): () => Promise<void> {
  let running: Promise<unknown> | undefined
  const timer = setInterval(() => {
    running ??= rechecking
      .round()
      .catch((error: unknown) => log.warn('session_recheck_not_run', { error }))
      .finally(() => {
        running = undefined
      })
  }, INTERVAL_MS)
  timer.unref()
  return async () => {
    clearInterval(timer)
    await rechecking.stop()
    await running
  }
}

/** An expired secret fails for every user, so there is no reason to try it ten thousand times. */
function createPauses({ now }: Pick<Services, 'now'>) {
  const failures = new Map<ConnectionId, number>()
  const until = new Map<ConnectionId, number>()
  return {
    note(connectionId: ConnectionId, outcome: RecheckOutcome): void {
      if (outcome === 'left') return
      if (outcome !== 'failed') {
        failures.delete(connectionId)
        until.delete(connectionId)
        return
      }
      const inARow = (failures.get(connectionId) ?? 0) + 1
      failures.set(connectionId, inARow)
      if (inARow >= FAILURES_TO_PAUSE) until.set(connectionId, now().getTime() + PAUSE_MS)
    },
    list(): readonly ConnectionId[] {
      const time = now().getTime()
      return [...until].filter(([, end]) => end > time).map(([connectionId]) => connectionId)
    },
  }
}

async function inParallel<T>(
  items: readonly T[],
  atOnce: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const waiting = [...items]
  const worker = async (): Promise<void> => {
    for (let item = waiting.shift(); item !== undefined; item = waiting.shift()) await work(item)
  }
  await Promise.all(Array.from({ length: atOnce }, worker))
}
