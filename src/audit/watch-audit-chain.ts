/**
 * Verifies the whole audit trail in the background, again and again, on one replica at a time. A step checks a limited stretch, so
 * that a pass through a long trail takes hours and delays no sign-in. A short trail is verified completely in each step.
 */
import { newUuid } from '../keys/ids.ts'
import type { Services } from '../services.ts'
import type { AuditChainHead } from '../storage/records.ts'
import { type AuditVerification, findAuditVerification, toStored } from './audit-verification.ts'
import { type Verification, type VerifyFrom, verifyAuditTrail } from './verify-audit-chain.ts'

const STEP_MS = 30_000
const HOUR_MS = 3_600_000
/** Time in which a pass should finish. Even if steps are late, it then finishes within a day. */
const PASS_MS = 12 * HOUR_MS
const LEAST_IN_STEP = 500
const MOST_IN_STEP = 10_000
/** How often progress is stored and the lease renewed. */
const STORE_MS = 15 * 60_000
const LEASE_MS = 20 * 60_000
/** How often another replica tries to get the lease. */
const TRY_MS = 5 * 60_000
const LEASE = 'audit-verification'

/** Starts the verification. Returns the function that stops it. */
export function startAuditWatch(services: Services): () => Promise<void> {
  // The embedded database has only one server, so after a crash it need not wait for a lease that it held itself.
  const holder = services.storage.kind === 'sqlite' ? 'this server' : newUuid(services)
  const watch = createAuditWatch(services, holder)
  let working = watch.step()
  const timer = setInterval(() => {
    working = working.then(() => watch.step())
  }, STEP_MS)
  timer.unref()
  return async () => {
    clearInterval(timer)
    await working
    await watch.leave()
  }
}

export type AuditWatch = {
  /** Verifies one stretch if this replica has the lease. Never rejects. */
  step(): Promise<void>
  /** Releases the lease, so that another replica continues at once. Never rejects. */
  leave(): Promise<void>
}

/** Creates the verification of this replica; `holder` is its name in the lease. */
export function createAuditWatch(services: Services, holder: string): AuditWatch {
  const { storage, log } = services
  let current: AuditVerification | undefined
  let heldUntil = Number.NEGATIVE_INFINITY
  let nextTryAt = Number.NEGATIVE_INFINITY
  let storedAt = Number.NEGATIVE_INFINITY
  let reportedAt = Number.NEGATIVE_INFINITY

  /** The lease is renewed when progress is stored. When it is lost, another replica continues from there. */
  async function holdsLease(time: number): Promise<boolean> {
    if (time < heldUntil - STORE_MS / 2) return true
    if (time < nextTryAt) return time < heldUntil
    const lease = { holder, now: new Date(time), until: new Date(time + LEASE_MS) }
    if (await storage.takeLease(LEASE, lease)) {
      if (time >= heldUntil) current = await findAuditVerification(services)
      heldUntil = time + LEASE_MS
      return true
    }
    heldUntil = Number.NEGATIVE_INFINITY
    nextTryAt = time + TRY_MS
    return false
  }

  async function store(next: AuditVerification, time: number): Promise<void> {
    const isNews = next.problem?.reason !== current?.problem?.reason || !current
    current = next
    if (!isNews && time < storedAt + STORE_MS) return
    await storage.putAuditVerification(toStored(services.keyRing, next))
    storedAt = time
  }

  function report(next: AuditVerification, wasComplete: boolean, time: number): void {
    const { problem, completed } = next
    const isDue = time >= reportedAt + HOUR_MS || problem?.reason !== current?.problem?.reason
    if (!isDue) return
    if (problem) {
      services.metrics.count('entrada_audit_chain_broken_total', undefined)
      const { foundAt: _, ...evidence } = problem
      log.error('audit_chain_broken', { ...evidence, foundBy: 'verification' })
    } else if (wasComplete) {
      log.info('audit_chain_verified', { links: completed?.links, since: next.startedAt })
    } else {
      return
    }
    reportedAt = time
  }

  async function work(): Promise<void> {
    const time = services.now().getTime()
    const head = await storage.findAuditChainHead()
    // Before the first link there is nothing to verify, so nothing is written.
    if (head && head.sequence === 0 && head.signature === '') return
    if (!(await holdsLease(time))) return
    const before = current ?? { startedAt: new Date(time), links: 0 }
    const stretch = await verifyStretch(services, before.from, stretchOf(linksOf(head)))
    const next = nextOf(before, stretch, new Date(time))
    report(next, stretch.problem === undefined && stretch.next === undefined, time)
    await store(next, time)
  }

  async function leave(): Promise<void> {
    const now = services.now()
    if (now.getTime() < heldUntil) await storage.takeLease(LEASE, { holder, now, until: now })
  }

  const logged = (error: unknown) => log.warn('audit_chain_not_verified', { error })
  return { step: () => work().catch(logged), leave: () => leave().catch(logged) }
}

/** The limit counts links and events together: a stretch that reaches the end of the chain continues with the events. */
async function verifyStretch(
  services: Pick<Services, 'keyRing' | 'sha256' | 'storage'>,
  from: VerifyFrom | undefined,
  limit: number,
): Promise<Verification> {
  const first = await verifyAuditTrail(services, from, limit)
  const left = limit - first.links - first.events
  if (first.problem || first.next === undefined || left <= 0) return first
  const second = await verifyAuditTrail(services, first.next, left)
  return { ...second, links: first.links + second.links }
}

/** Returns how much one step checks, so that a pass through the links and then the events takes no longer than planned. */
export function stretchOf(links: number): number {
  const needed = Math.ceil((2 * links * STEP_MS) / PASS_MS)
  return Math.min(MOST_IN_STEP, Math.max(LEAST_IN_STEP, needed))
}

function linksOf(head: AuditChainHead | undefined): number {
  return head ? head.sequence - head.cutSequence : 0
}

/** A problem is checked again in each step from the same place, because it may have been repaired, or the chain restarted. */
function nextOf(
  before: AuditVerification,
  { problem, links, next: from }: Verification,
  now: Date,
): AuditVerification {
  const { problem: knownProblem, from: sameFrom, completed, startedAt } = before
  const kept = completed ? { completed } : {}
  if (problem) {
    const foundAt = knownProblem?.reason === problem.reason ? knownProblem.foundAt : now
    const again = sameFrom ? { from: sameFrom } : {}
    return { startedAt, links: before.links, ...again, ...kept, problem: { ...problem, foundAt } }
  }
  const seen = before.links + links
  if (from === undefined) return { startedAt: now, links: 0, completed: { at: now, links: seen } }
  return { startedAt, links: seen, from, ...kept }
}
