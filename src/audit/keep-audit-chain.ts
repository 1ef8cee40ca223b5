import type { Services } from '../services.ts'
import { type ChainPlace, placeText } from './audit-chain.ts'
import { eraseStretch } from './erase-people.ts'
import { type ChainFault, type ChainStep, cutChain, linkEvents } from './extend-audit-chain.ts'

const INTERVAL_MS = 1_000
/** How often the chain is looked at though nothing waits, old events are removed, and a place is logged. */
const ROUND = 60
const DAY_MS = 86_400_000

/**
 * Links what was audited, once a second, on whichever replica is first; removes what is older than is kept. Answers the function
 * that stops it, having linked what is left.
 */
export function startAuditChain(services: Services): () => Promise<void> {
  const keeper = createKeeper(services)
  let ticks = 0
  let working = Promise.resolve()
  let isIdle = true
  const work = () => {
    ticks += 1
    const isRound = ticks % ROUND === 0
    isIdle = false
    working = keeper.keep(isRound).finally(() => {
      isIdle = true
    })
  }
  const timer = setInterval(() => {
    if (isIdle) work()
  }, INTERVAL_MS)
  timer.unref()
  return async () => {
    clearInterval(timer)
    await working
    await keeper.keep(true)
  }
}

/** What one process knows of the chain. */
function createKeeper(services: Services) {
  const { storage, log, metrics } = services
  let seen: ChainPlace | undefined
  let logged = ''
  let told: ChainFault | undefined

  function take(step: ChainStep, isRound: boolean): number {
    if (step.kind === 'busy') return 0
    if (step.kind === 'broken') {
      const { fault } = step
      if (told?.reason === fault.reason && !isRound) return 0
      told = fault
      metrics.count('entrada_audit_chain_broken_total', undefined)
      log.error('audit_chain_broken', fault)
      return 0
    }
    told = undefined
    seen = step.head
    return step.count
  }

  /** A copy outside of the database, by which even an older state of all of it is found. */
  function logPlace(): void {
    const place = seen && placeText(seen)
    if (place === undefined || place === logged) return
    logged = place
    log.info('audit_chain_place', { place })
  }

  async function keep(isRound: boolean): Promise<void> {
    try {
      if (!isRound && !(await storage.hasUnlinkedEvents())) return
      for (let count = 1; count > 0; ) count = take(await linkEvents(services, seen), isRound)
      // The removal of a person is an event itself, so there is something to link when there is somebody to erase.
      while (await eraseStretch(services));
      if (!isRound) return
      const days = services.deployment.auditRetentionDays
      if (days !== undefined) await cutUntil(new Date(services.now().getTime() - days * DAY_MS))
      logPlace()
    } catch (error) {
      log.warn('audit_chain_not_extended', { error })
    }
  }

  async function cutUntil(before: Date): Promise<void> {
    for (let count = 1; count > 0; ) count = take(await cutChain(services, before), true)
  }

  return { keep }
}
