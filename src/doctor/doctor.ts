/**
 * Examines a deployment: probes gather facts, rules make findings of them. Changes nothing.
 *
 *   examine → gather-facts.ts: probe-*.ts, all at once, each with a time limit → diagnose.ts, pure → findings
 */
import { diagnose } from './diagnose.ts'
import type { Examination } from './examination.ts'
import { type Area, areas, type Finding, type Severity } from './finding.ts'
import { gatherFacts } from './gather-facts.ts'

export { describeReport } from './describe-report.ts'
export type { Examination } from './examination.ts'
export { type Area, areas, type Finding, type FindingRow, type Severity } from './finding.ts'
export { findingsOf, findingTable } from './finding-table.ts'

export type Report = {
  readonly checkedAt: Date
  readonly counts: Readonly<Record<Severity, number>>
  readonly findings: readonly Finding[]
}

/** Examines a deployment and returns the report. It never rejects because of a fault of the deployment, and takes ten seconds at most. */
export async function examine(
  examination: Examination,
  wanted: readonly Area[] = areas,
): Promise<Report> {
  // A setting that cannot be read keeps other areas from being examined, so it is reported with each of them.
  const examined = [...new Set<Area>([...wanted, 'settings'])]
  const facts = await gatherFacts(examination, examined)
  const findings = diagnose(facts, examined).filter(
    ({ area, severity }) => wanted.includes(area) || severity === 'error',
  )
  const count = (severity: Severity) =>
    findings.filter((finding) => finding.severity === severity).length
  return {
    checkedAt: facts.at,
    counts: {
      ok: count('ok'),
      info: count('info'),
      warning: count('warning'),
      error: count('error'),
    },
    findings,
  }
}
