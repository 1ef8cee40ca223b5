import type { ConnectionPolicies } from '../storage/records.ts'
import { connectionFields } from './connection-fields.ts'
import { toRecord } from './field-values.ts'

const rows = Object.entries(connectionFields.policies)
const ofEnvironment = rows.map(([name, field]) => [
  name,
  'environmentDefault' in field ? field.environmentDefault : undefined,
])

/** The policies of a new customer's connection: users whom no rule matches are refused. */
export const newConnectionPolicies = toRecord(connectionFields.policies, {}) as ConnectionPolicies // a row for each policy

/** The default policies of the environment's connection: a first sign-in creates the user, who gets one role. */
export const environmentPolicies = toRecord(
  connectionFields.policies,
  Object.fromEntries(ofEnvironment),
) as ConnectionPolicies // a row for each policy
