// Schemas of the operations' input: they check it, and `GET /emulator/api` shows them.
import * as v from 'valibot'
import { applicationSchema, groupSchema, policySchema, userSchema } from '../directory-schema.ts'

function text(description: string) {
  return v.pipe(v.string(), v.minLength(1), v.description(description))
}

/** The names of records that operations accept. `named-in-directory.ts` finds the records. */
export const tenantName = text('A tenant: its id, one of its domains or its display name.')
export const userName = text('A person: object id or user principal name.')
export const groupName = text('A group: object id or display name.')
export const applicationName = text('An application: client id or display name.')
export const principalName = text(
  'A person, a group or an application: its id, user principal name or display name.',
)

export const groupNames = v.pipe(v.array(groupName), v.readonly())
const tenantNames = v.pipe(v.array(tenantName), v.readonly())

const userEntries = {
  ...userSchema.entries,
  memberOf: groupNames,
  home: v.strictObject({ tenantId: tenantName, userId: userName }),
}
const groupEntries = { ...groupSchema.entries, memberOf: groupNames }
const applicationEntries = {
  ...applicationSchema.entries,
  homeTenantId: tenantName,
  availableIn: tenantNames,
  assignments: v.pipe(
    v.array(v.strictObject({ principalId: principalName, appRole: v.exactOptional(v.string()) })),
    v.readonly(),
  ),
}
const policyEntries = {
  ...policySchema.entries,
  clientId: applicationName,
  userId: userName,
}

export const newUser = record(userEntries, ['userPrincipalName'])
export const userChanges = record(userEntries, [])
export const newGroup = record(groupEntries, ['displayName'])
export const newApplication = record(applicationEntries, ['displayName', 'homeTenantId'])
export const applicationChanges = record(applicationEntries, [])
export const newPolicy = record(policyEntries, ['require'])

/**
 * Returns a schema of a record with some required members. The others may be left out, or `null` where a change removes them. The
 * directory's own schema checks the whole record once more, with everything around it.
 */
function record(entries: v.ObjectEntries, required: readonly string[]) {
  const members = Object.entries(entries).map(([name, entry]) => {
    const schema = 'wrapped' in entry ? entry.wrapped : entry
    return [name, required.includes(name) ? schema : v.exactOptional(v.nullable(schema))]
  })
  // The names come from the directory's schema, so that they are written only once; their types are lost on the way.
  return v.strictObject(Object.fromEntries(members) as v.ObjectEntries)
}
