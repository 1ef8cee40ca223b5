/** Options whose values are closed lists, switches or counts. TypeScript checks them too; those who write JavaScript have only this. */

import type { ConnectionPolicies } from '../storage/records.ts'
import type { EntradaOptions } from './options.ts'
import { didYouMean } from './stray-settings.ts'

/** The name of an option, and what is wrong with its value. */
export type OptionProblem = readonly [name: string, problem: string]

/** Switches and counts. `'false'` is a text, and would switch on what it was meant to switch off. */
export function valueProblems(options: EntradaOptions): readonly OptionProblem[] {
  const { identityTokens, webhooksToPrivateAddresses, dangerouslyForwardUnproven } = options
  const { databaseConnections, signInsPerMinute, auditRetentionDays } = options
  return [
    ...Object.entries({ identityTokens, webhooksToPrivateAddresses, dangerouslyForwardUnproven })
      .filter(([, value]) => value !== undefined && typeof value !== 'boolean')
      .map(([name]) => [name, 'must be true or false'] as const),
    ...Object.entries({ databaseConnections, signInsPerMinute, auditRetentionDays })
      .filter(([, value]) => value !== undefined && !(Number.isInteger(value) && value >= 1))
      .map(([name]) => [name, 'must be a whole number of at least 1'] as const),
  ]
}

const policyValues = {
  provisioning: ['create', 'existing', 'off'],
  linking: ['never', 'verified'],
  guests: ['refuse', 'allow'],
  personalAccounts: ['refuse', 'allow'],
  groupsOverage: ['refuse', 'keep_last', 'graph', 'graph_or_keep_last'],
  signOutOfMicrosoft: [true, false],
} as const satisfies {
  [Name in Exclude<keyof ConnectionPolicies, 'unmatched'>]: readonly ConnectionPolicies[Name][]
}

/** A policy with a value that no decision knows would refuse no user. */
export function policyProblems(policies: object): readonly OptionProblem[] {
  const values = new Map<string, readonly unknown[]>(Object.entries(policyValues))
  return Object.entries(policies).flatMap(([name, value]): readonly OptionProblem[] => {
    if (name === 'unmatched') return unmatchedProblems(value)
    const allowed = values.get(name)
    if (allowed === undefined) {
      const known = new Set([...values.keys(), 'unmatched'])
      return [[name, `is not a policy.${didYouMean(name, known)}`]]
    }
    return allowed.includes(value) ? [] : [[name, `must be ${allowed.join(', ')}`]]
  })
}

function unmatchedProblems(value: unknown): readonly OptionProblem[] {
  const { kind, role } = Object(value) as { readonly kind?: unknown; readonly role?: unknown } // any value has members
  if (kind === 'refuse') return []
  if (kind === 'default_role' && typeof role === 'string' && role !== '') return []
  return [['unmatched', "must be { kind: 'refuse' } or { kind: 'default_role', role: '…' }"]]
}
