import type { ConnectionPolicies } from '../storage/records.ts'
import type { ConnectionField } from './connection-field.ts'
import { connectionFields } from './connection-fields.ts'
import { toStoredValue } from './field-values.ts'

/** A customer's connection: users whom no rule matches are refused until somebody decides otherwise. */
export const newConnectionPolicies = policiesOf((field) => field.default)

/** The environment's connection: a first sign-in creates the user, who gets one role. */
export const environmentPolicies = policiesOf((field) => field.environmentDefault ?? field.default)

function policiesOf(defaultOf: (field: ConnectionField) => unknown): ConnectionPolicies {
  const policies = Object.entries<ConnectionField>(connectionFields.policies).map(
    ([name, field]) => [field.stored?.member ?? name, toStoredValue(field, defaultOf(field))],
  )
  return Object.fromEntries(policies) as ConnectionPolicies // the table has a row for each policy
}
