/** The rules that each kind of identity provider adds. The sentences of their findings are in the tables of findings. */
import type { ProviderKindName } from '../identity-provider/provider-kinds.ts'
import { diagnoseClaims } from './entra/diagnose-claims.ts'
import { diagnoseCredentials } from './entra/diagnose-credentials.ts'
import { diagnoseEntra } from './entra/diagnose-entra.ts'
import { diagnoseRegistration } from './entra/diagnose-registration.ts'
import type { Facts } from './facts.ts'
import type { Finding } from './finding.ts'

type Rule = (facts: Facts) => readonly Finding[]

const rulesByKind: Readonly<Record<ProviderKindName, readonly Rule[]>> = {
  entra: [diagnoseEntra, diagnoseCredentials, diagnoseRegistration, diagnoseClaims],
}

/** The rules of every kind, in the order in which their findings are printed. */
export const kindRules: readonly Rule[] = Object.values(rulesByKind).flat()
