/** Makes findings of facts, pure: a fact that is not known yields no finding, and never a good one. */
import { diagnoseAccessRules } from './diagnose-access.ts'
import { diagnoseAddresses } from './diagnose-addresses.ts'
import { diagnoseAuditTrail } from './diagnose-audit.ts'
import { diagnoseConnections } from './diagnose-connections.ts'
import { diagnoseDatabase } from './diagnose-database.ts'
import { diagnoseEnvironment } from './diagnose-environment.ts'
import { diagnoseKeyRing } from './diagnose-keys.ts'
import { kindRules } from './diagnose-kinds.ts'
import { diagnoseMachine } from './diagnose-machine.ts'
import { diagnoseOperators, diagnoseRoles } from './diagnose-people.ts'
import { diagnoseSettings } from './diagnose-settings.ts'
import type { Facts } from './facts.ts'
import { type Area, areas, type Finding } from './finding.ts'

const rules = [
  diagnoseSettings,
  diagnoseEnvironment,
  diagnoseMachine,
  diagnoseDatabase,
  diagnoseAuditTrail,
  diagnoseKeyRing,
  ...kindRules,
  diagnoseConnections,
  diagnoseAddresses,
  diagnoseRoles,
  diagnoseAccessRules,
  diagnoseOperators,
]

/** Returns every finding of these areas, area by area, the worst first. */
export function diagnose(facts: Facts, wanted: readonly Area[] = areas): readonly Finding[] {
  const severities = ['error', 'warning', 'info', 'ok'] as const
  const rank = ({ area, severity }: Finding) =>
    areas.indexOf(area) * 10 + severities.indexOf(severity)
  return rules
    .flatMap((rule) => rule(facts))
    .filter(({ area }) => wanted.includes(area))
    .sort((a, b) => rank(a) - rank(b))
}
