/**
 * Checks every week whether DNS still has the records of the organizations' domains. Without its record, a domain no longer links
 * users, and the loss is logged and audited; people can still sign in. From then on the record is looked up every day, and the
 * domain counts again when it is back.
 */
import { type AuditServices, audit } from '../audit/audit.ts'
import type { Services } from '../services.ts'
import type { Domain } from '../storage/records.ts'
import type { StorageTransaction } from '../storage/storage.ts'
import { CHECK_AGAIN_MS, domainScope, isThere, logLostProof, readRecords } from './domains.ts'

const INTERVAL_MS = 10 * 60_000
const LOOK_FOR_LOST_MS = 24 * 3_600_000
/** The pause after DNS did not respond: soon enough that no proof expires, and no burden for a name server that is down. */
const TRY_AGAIN_MS = 3_600_000
const BATCH = 50
const AT_ONCE = 5

/** Checks the domains that are due every ten minutes. Returns the function that stops this. */
export function startDomainChecks(services: Services): () => Promise<void> {
  let running = Promise.resolve()
  const timer = setInterval(() => {
    running = running.then(() => checkDueDomains(services, { alone: true }))
  }, INTERVAL_MS)
  timer.unref()
  return async () => {
    clearInterval(timer)
    await running
  }
}

/** Checks the domains that are due once. Never rejects. With `alone`, only one replica does it in each interval: the first one. */
export async function checkDueDomains(
  services: Services,
  { alone = false }: { readonly alone?: boolean } = {},
): Promise<void> {
  const { storage, now, log } = services
  try {
    if (alone && !(await isFirst(services))) return
    const due = [...(await storage.listDomainsToCheck(now(), BATCH))]
    while (due.length > 0) {
      await Promise.all(due.splice(0, AT_ONCE).map((domain) => checkDomain(services, domain)))
    }
  } catch (error) {
    log.warn('domain_checks_failed', { error })
  }
}

async function isFirst({ storage, now }: Pick<Services, 'now' | 'storage'>): Promise<boolean> {
  const time = now()
  const windowEndsAt = new Date(time.getTime() + INTERVAL_MS - 1_000)
  const { uses } = await storage.countUses('domain_checks', { uses: 1, now: time, windowEndsAt })
  return uses === 1
}

type Seen = 'there' | 'gone' | 'unknown'

async function checkDomain(services: Services, domain: Domain): Promise<void> {
  const seen = await look(services, domain)
  services.metrics.count('entrada_domain_checks_total', { outcome: seen })
  const store = async (transaction: StorageTransaction) => {
    const before = await transaction.findDomain(domain.id)
    // The domain was removed, moved, verified by an operator, or checked by another process meanwhile.
    if (before?.nextCheckAt?.getTime() !== domain.nextCheckAt?.getTime() || !before) return false
    const after = afterCheck(before, seen, services.now())
    await transaction.putDomain(after)
    if (before.status === after.status) return false
    await auditCheck(services, transaction, after)
    return true
  }
  const changed = await services.storage.atomically(store, { scope: domainScope(domain.name) })
  if (changed && seen === 'gone') logLostProof(services, domain, 'record_gone')
}

/** A failed look-up proves nothing and disproves nothing. */
async function look(services: Pick<Services, 'log' | 'resolveTxt'>, domain: Domain): Promise<Seen> {
  try {
    return isThere(domain, await readRecords(services, domain)) ? 'there' : 'gone'
  } catch (error) {
    services.log.warn('domain_not_checked', { domainId: domain.id, name: domain.name, error })
    return 'unknown'
  }
}

function afterCheck(domain: Domain, seen: Seen, now: Date): Domain {
  const later = (ms: number) => new Date(now.getTime() + ms)
  if (seen === 'unknown') return { ...domain, nextCheckAt: later(TRY_AGAIN_MS) }
  if (seen === 'gone') {
    return { ...domain, status: 'lost', checkedAt: now, nextCheckAt: later(LOOK_FOR_LOST_MS) }
  }
  const provenAt = domain.status === 'proven' ? domain.provenAt : now
  return {
    ...domain,
    status: 'proven',
    ...(provenAt ? { provenAt } : {}),
    checkedAt: now,
    nextCheckAt: later(CHECK_AGAIN_MS),
  }
}

async function auditCheck(
  services: AuditServices,
  transaction: StorageTransaction,
  { status, name, organizationId }: Domain,
): Promise<void> {
  const event =
    status === 'lost'
      ? ({ type: 'domain.lost', detail: { name, reason: 'record_gone' } } as const)
      : ({ type: 'domain.proven', detail: { name, proof: 'dns' } } as const)
  const caller = { actor: { kind: 'system' } } as const
  await audit(services, transaction, { caller, event, organizationId })
}
