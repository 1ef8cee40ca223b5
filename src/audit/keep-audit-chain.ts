import type { Services } from '../services.ts'
import { type ChainPlace, placeText } from './audit-chain.ts'
import { eraseStretch } from './erase-people.ts'
import { type ChainFault, type ChainStep, cutChain, linkEvents } from './extend-audit-chain.ts'

const INTERVAL_MS = 1_000
/** After this many rounds the chain is checked although nothing waits, old events are removed, and a place is logged. */
const ROUND = 60
const DAY_MS = 86_400_000

/**
 * Links new events once a second, on whichever replica is first, and removes events that are older than the retention. Returns the
 * function that stops this after linking what is left.
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

/** What one process remembers of the chain. */
function createKeeper(services: Services) {
  const { storage, log, metrics } = services
  let seen: ChainPlace | undefined
  let logged = ''
  let reported: ChainFault | undefined

  function take(step: ChainStep, isRound: boolean): number {
    if (step.kind === 'busy') return 0
    if (step.kind === 'broken') {
      const { fault } = step
      if (reported?.reason === fault.reason && !isRound) return 0
      reported = fault
      metrics.count('entrada_audit_chain_broken_total', undefined)
      log.error('audit_chain_broken', fault)
      return 0
    }
    reported = undefined
    seen = step.head
    return step.count
  }

  /** The log is a copy outside of the database. It reveals even that the whole database was put back to an older state. */
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
      // Events are erased only after a link was made: the removal of a person is an event itself, so something is linked whenever a
      // person has to be erased.
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
