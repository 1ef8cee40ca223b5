/** Reports what the server's background verification found in the audit trail. */
import type { Facts } from './facts.ts'
import { type Finding, newFinding } from './finding.ts'
import { seenIn } from './seen.ts'

const HOUR_MS = 3_600_000
/** A pass takes half a day; a day and a half without one means that none is made. */
const OLD_HOURS = 36

/** Reports whether the audit trail is unchanged, and when that was last verified. */
export function diagnoseAuditTrail(facts: Facts): readonly Finding[] {
  const { auditVerification: verification, at } = facts
  const links = seenIn(facts)?.auditLinks ?? 0
  if (links === 0) return []
  if (verification?.problem) {
    const { reason, sequence, foundAt } = verification.problem
    const place = sequence === undefined ? 'outside of the chain' : `at link ${sequence}`
    const date = foundAt.toISOString()
    return [newFinding('audit_trail_altered', { reason, place, date })]
  }
  if (verification?.completed === undefined) return [newFinding('audit_trail_not_verified', {})]
  const hours = Math.floor((at.getTime() - verification.completed.at.getTime()) / HOUR_MS)
  if (hours >= OLD_HOURS) return [newFinding('audit_trail_verified_long_ago', { hours })]
  return [newFinding('audit_trail_verified', { links: verification.completed.links, hours })]
}
