import * as v from 'valibot'
import type { Changes, NewApplication, NewGroup, NewUser } from '../change-directory.ts'
import { describeIssue, type Policy } from '../directory.ts'
import type { EmulatorHandles, NewFederatedCredential } from '../handles.ts'
import { faultInput } from './fault-schema.ts'

/** Something an administrator does, by the page or by JSON: what it needs, and what it does. */
type Operation = (handles: EmulatorHandles, input: unknown) => unknown

/** Does what a name says. @throws {Error} with a sentence, when the input is not right. */
export async function operate(
  handles: EmulatorHandles,
  { name, input }: { readonly name: string; readonly input: unknown },
): Promise<Readonly<Record<string, unknown>>> {
  const operation = Object.hasOwn(operations, name) ? operations[name] : undefined
  if (operation === undefined) throw new Error(`There is no operation ${name.slice(0, 100)}.`)
  const result = await operation(handles, input)
  return typeof result === 'object' && result !== null ? { ...result } : {}
}

/** The names of the operations. */
export function operationNames(): readonly string[] {
  return Object.keys(operations)
}

const text = v.pipe(v.string(), v.minLength(1))
const texts = v.array(v.string())
// Checked where it is put into the directory, by the directory's own schema.
const record = v.custom<Readonly<Record<string, unknown>>>(
  (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
  'must be an object',
)

function operation<const Entries extends v.ObjectEntries>(
  entries: Entries,
  run: (
    handles: EmulatorHandles,
    input: v.InferOutput<v.StrictObjectSchema<Entries, undefined>>,
  ) => unknown,
): Operation {
  const schema = v.strictObject(entries)
  return (handles, input) => {
    const parsed = v.safeParse(schema, input)
    if (!parsed.success) throw new Error(parsed.issues.map(describeIssue).join('\n'))
    return run(handles, parsed.output)
  }
}

const peopleOperations = {
  'add-user': operation({ tenant: text, user: record }, (emulator, { tenant, user }) => ({
    id: emulator.addUser(tenant, user as NewUser),
  })),
  'update-user': operation({ user: text, changes: record }, (emulator, { user, changes }) =>
    emulator.updateUser(user, changes),
  ),
  'remove-user': operation({ user: text }, (emulator, { user }) => emulator.removeUser(user)),
  'set-user-groups': operation({ user: text, groups: texts }, (emulator, { user, groups }) =>
    emulator.setUserGroups(user, groups),
  ),
  'revoke-sessions': operation({ user: text }, (emulator, { user }) =>
    emulator.revokeSessions(user),
  ),
  'add-group': operation({ tenant: text, group: record }, (emulator, { tenant, group }) => ({
    id: emulator.addGroup(tenant, group as NewGroup),
  })),
  'remove-group': operation({ group: text }, (emulator, { group }) => emulator.removeGroup(group)),
  'approve-device-code': operation({ userCode: text, user: text }, (emulator, { userCode, user }) =>
    emulator.approveDeviceCode(userCode, user),
  ),
  'decline-device-code': operation({ userCode: text }, (emulator, { userCode }) =>
    emulator.declineDeviceCode(userCode),
  ),
  'sign-in-automatically-as': operation({ user: v.nullish(v.string()) }, (emulator, { user }) =>
    emulator.signInAutomaticallyAs(user || undefined),
  ),
}

const applicationOperations = {
  'add-application': operation({ application: record }, (emulator, { application }) => ({
    clientId: emulator.addApplication(application as NewApplication),
  })),
  'update-application': operation(
    { clientId: text, changes: record },
    (emulator, { clientId, changes }) => emulator.setApplication(clientId, changes),
  ),
  'add-redirect-uri': operation(
    {
      clientId: text,
      uri: text,
      platform: v.exactOptional(v.picklist(['web', 'spa', 'native'])),
    },
    (emulator, { clientId, uri, platform }) => emulator.addRedirectUri(clientId, uri, platform),
  ),
  'remove-redirect-uri': operation({ clientId: text, uri: text }, (emulator, { clientId, uri }) =>
    emulator.removeRedirectUri(clientId, uri),
  ),
  assign: operation(
    { clientId: text, principalId: text, appRole: v.optional(text) },
    (emulator, { clientId, principalId, appRole }) =>
      emulator.assign(clientId, principalId, appRole),
  ),
  unassign: operation(
    { clientId: text, principalId: text },
    (emulator, { clientId, principalId }) => emulator.unassign(clientId, principalId),
  ),
  'add-secret': operation({ clientId: text, value: text }, (emulator, { clientId, value }) =>
    emulator.addSecret(clientId, value),
  ),
  'set-secret': operation({ clientId: text, value: text }, (emulator, { clientId, value }) =>
    emulator.setSecret(clientId, value),
  ),
  'expire-secrets': operation({ clientId: text }, (emulator, { clientId }) =>
    emulator.expireSecret(clientId),
  ),
  'add-certificate': operation(
    { clientId: text, certificate: text },
    (emulator, { clientId, certificate }) => emulator.addCertificate(clientId, certificate),
  ),
  'add-federated-credential': operation(
    { clientId: text, credential: record },
    (emulator, { clientId, credential }) =>
      emulator.addFederatedCredential(clientId, credential as NewFederatedCredential),
  ),
  'issue-federated-token': operation(
    { subject: text, audience: v.exactOptional(text) },
    async (emulator, options) => ({ token: await emulator.issueFederatedToken(options) }),
  ),
}

const consentOperations = {
  'grant-admin-consent': operation(
    {
      clientId: text,
      tenant: text,
      scopes: v.exactOptional(texts),
      appRoles: v.exactOptional(texts),
    },
    (emulator, { clientId, tenant, ...permissions }) =>
      emulator.grantAdminConsent(clientId, tenant, permissions),
  ),
  'revoke-consent': operation({ clientId: text, tenant: text }, (emulator, { clientId, tenant }) =>
    emulator.revokeConsent(clientId, tenant),
  ),
  'add-policy': operation({ policy: record }, (emulator, { policy }) =>
    emulator.addPolicy(policy as Changes<Policy> & { readonly require: string }),
  ),
  'clear-policies': operation({}, (emulator) => emulator.clearPolicies()),
}

const behaviourOperations = {
  'set-fault': operation({ fault: faultInput }, (emulator, { fault }) => emulator.setFault(fault)),
  'clear-faults': operation({}, (emulator) => emulator.clearFaults()),
  'rotate-keys': operation({}, (emulator) => emulator.rotateKeys()),
  'add-key': operation({}, async (emulator) => ({ kid: await emulator.addKey() })),
  'set-clock-offset': operation({ seconds: v.number() }, (emulator, { seconds }) =>
    emulator.setClockOffset(seconds),
  ),
  'replace-directory': operation({ directory: record }, (emulator, { directory }) =>
    emulator.replaceDirectory(directory),
  ),
  'clear-requests': operation({}, (emulator) => emulator.clearRequests()),
  reset: operation({}, (emulator) => emulator.reset()),
}

const operations: Readonly<Record<string, Operation>> = {
  ...peopleOperations,
  ...applicationOperations,
  ...consentOperations,
  ...behaviourOperations,
}
