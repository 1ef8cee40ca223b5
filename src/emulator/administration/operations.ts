import * as v from 'valibot'
import type { Changes, NewApplication, NewGroup, NewUser } from '../change-directory.ts'
import { describeIssue, type Policy } from '../directory.ts'
import { federatedCredentialSchema } from '../directory-schema.ts'
import type { EmulatorHandles, NewFederatedCredential } from '../handles.ts'
import { faultInput } from './fault-schema.ts'
import {
  applicationChanges,
  applicationName,
  groupName,
  groupNames,
  newApplication,
  newGroup,
  newPolicy,
  newUser,
  principalName,
  tenantName,
  userChanges,
  userName,
} from './record-schemas.ts'

/** An operation of an administrator, by the page or by JSON. */
export type Operation = {
  /** A sentence for the description of the API. */
  readonly does: string
  /** The schema of the input, for `GET /emulator/api`. */
  readonly takes: v.GenericSchema
  /** The members of the response, each with a sentence; without any the response is an empty object. */
  readonly answers: Readonly<Record<string, string>>
  readonly run: (handles: EmulatorHandles, input: unknown) => unknown
}

/** Runs the operation with this name. @throws {Error} with a sentence, if the input is not valid. */
export async function operate(
  handles: EmulatorHandles,
  { name, input }: { readonly name: string; readonly input: unknown },
): Promise<Readonly<Record<string, unknown>>> {
  const operation = Object.hasOwn(operations, name) ? operations[name] : undefined
  if (operation === undefined) {
    throw new Error(`There is no operation ${name.slice(0, 100)}. ${SEE_SCHEMA}`)
  }
  const result = await operation.run(handles, input)
  return typeof result === 'object' && result !== null ? { ...result } : {}
}

const SEE_SCHEMA = 'GET /emulator/api describes every operation.'

const text = v.pipe(v.string(), v.minLength(1))
const texts = v.array(v.string())

function operation<const Entries extends v.ObjectEntries>(
  does: string,
  {
    takes,
    answers = {},
    run,
  }: {
    readonly takes: Entries
    readonly answers?: Readonly<Record<string, string>>
    readonly run: (
      handles: EmulatorHandles,
      input: v.InferOutput<v.StrictObjectSchema<Entries, undefined>>,
    ) => unknown
  },
): Operation {
  const schema = v.strictObject(takes)
  const names = Object.keys(takes).join(', ') || 'nothing'
  return {
    does,
    takes: schema,
    answers,
    run(handles, input) {
      const parsed = v.safeParse(schema, input)
      if (parsed.success) return run(handles, parsed.output)
      const problems = parsed.issues.map(describeIssue).join('\n')
      throw new Error(`${problems}\nThe operation takes ${names}. ${SEE_SCHEMA}`)
    },
  }
}

const peopleOperations = {
  'add-user': operation('Adds a person to a tenant.', {
    takes: { tenant: tenantName, user: newUser },
    answers: { id: 'The object id.' },
    // The schema has checked the members; only their static types are lost. The same holds for the records below.
    run: (emulator, { tenant, user }) => ({ id: emulator.addUser(tenant, user as NewUser) }),
  }),
  'update-user': operation('Changes members of a person; null takes one away.', {
    takes: { user: userName, changes: userChanges },
    run: (emulator, { user, changes }) => emulator.updateUser(user, changes),
  }),
  'remove-user': operation('Removes a person.', {
    takes: { user: userName },
    run: (emulator, { user }) => emulator.removeUser(user),
  }),
  'set-user-groups': operation('Puts a person into exactly these groups.', {
    takes: { user: userName, groups: groupNames },
    run: (emulator, { user, groups }) => emulator.setUserGroups(user, groups),
  }),
  'revoke-sessions': operation('Ends the browser sessions and refresh tokens of a person.', {
    takes: { user: userName },
    run: (emulator, { user }) => emulator.revokeSessions(user),
  }),
  'add-group': operation('Adds a group to a tenant.', {
    takes: { tenant: tenantName, group: newGroup },
    answers: { id: 'The object id.' },
    run: (emulator, { tenant, group }) => ({ id: emulator.addGroup(tenant, group as NewGroup) }),
  }),
  'remove-group': operation('Removes a group and its memberships.', {
    takes: { group: groupName },
    run: (emulator, { group }) => emulator.removeGroup(group),
  }),
  'approve-device-code': operation('Lets the device in that shows this code, as a person.', {
    takes: { userCode: text, user: userName },
    run: (emulator, { userCode, user }) => emulator.approveDeviceCode(userCode, user),
  }),
  'decline-device-code': operation('Refuses the device that shows this code.', {
    takes: { userCode: text },
    run: (emulator, { userCode }) => emulator.declineDeviceCode(userCode),
  }),
  'sign-in-automatically-as': operation(
    'Signs this person in without asking; null brings the picker back.',
    {
      takes: { user: v.nullish(v.union([userName, v.literal('')])) },
      run: (emulator, { user }) => emulator.signInAutomaticallyAs(user || undefined),
    },
  ),
}

const applicationOperations = {
  'add-application': operation('Registers an application.', {
    takes: { application: newApplication },
    answers: { clientId: 'The client id.' },
    run: (emulator, { application }) => ({
      clientId: emulator.addApplication(application as NewApplication),
    }),
  }),
  'update-application': operation('Changes members of an application; null takes one away.', {
    takes: { application: applicationName, changes: applicationChanges },
    run: (emulator, { application, changes }) => emulator.setApplication(application, changes),
  }),
  'add-redirect-uri': operation('Registers a redirect URI, for the platform web by default.', {
    takes: {
      application: applicationName,
      uri: text,
      platform: v.exactOptional(v.picklist(['web', 'spa', 'native'])),
    },
    run: (emulator, { application, uri, platform }) =>
      emulator.addRedirectUri(application, uri, platform),
  }),
  'remove-redirect-uri': operation('Takes a redirect URI away from every platform.', {
    takes: { application: applicationName, uri: text },
    run: (emulator, { application, uri }) => emulator.removeRedirectUri(application, uri),
  }),
  assign: operation('Assigns a person, a group or another application to an application.', {
    takes: { application: applicationName, principal: principalName, appRole: v.optional(text) },
    run: (emulator, { application, principal, appRole }) =>
      emulator.assign(application, principal, appRole),
  }),
  unassign: operation('Ends every assignment of a person, a group or an application.', {
    takes: { application: applicationName, principal: principalName },
    run: (emulator, { application, principal }) => emulator.unassign(application, principal),
  }),
}

const credentialOperations = {
  'add-secret': operation('Adds a client secret to those there are.', {
    takes: { application: applicationName, value: text },
    run: (emulator, { application, value }) => emulator.addSecret(application, value),
  }),
  'set-secret': operation('Replaces every client secret by this one.', {
    takes: { application: applicationName, value: text },
    run: (emulator, { application, value }) => emulator.setSecret(application, value),
  }),
  'expire-secrets': operation('Lets every client secret expire now.', {
    takes: { application: applicationName },
    run: (emulator, { application }) => emulator.expireSecret(application),
  }),
  'add-certificate': operation('Uploads a certificate as PEM.', {
    takes: { application: applicationName, certificate: text },
    run: (emulator, { application, certificate }) =>
      emulator.addCertificate(application, certificate),
  }),
  'add-federated-credential': operation('Trusts the tokens of another issuer.', {
    takes: { application: applicationName, credential: federatedCredentialSchema },
    run: (emulator, { application, credential }) =>
      emulator.addFederatedCredential(application, credential as NewFederatedCredential),
  }),
  'issue-federated-token': operation('Makes a token of the issuer that the emulator hosts.', {
    takes: { subject: text, audience: v.exactOptional(text) },
    answers: { token: 'The token.' },
    run: async (emulator, options) => ({ token: await emulator.issueFederatedToken(options) }),
  }),
}

const consentOperations = {
  'grant-admin-consent': operation('Consents for a whole tenant, which then has the application.', {
    takes: {
      application: applicationName,
      tenant: tenantName,
      scopes: v.exactOptional(texts),
      appRoles: v.exactOptional(texts),
    },
    run: (emulator, { application, tenant, ...permissions }) =>
      emulator.grantAdminConsent(application, tenant, permissions),
  }),
  'revoke-consent': operation('Forgets every consent of a tenant.', {
    takes: { application: applicationName, tenant: tenantName },
    run: (emulator, { application, tenant }) => emulator.revokeConsent(application, tenant),
  }),
  'add-policy': operation('Asks people for multi-factor authentication or a context.', {
    takes: { policy: newPolicy },
    run: (emulator, { policy }) =>
      emulator.addPolicy(policy as Changes<Policy> & { readonly require: string }),
  }),
  'clear-policies': operation('Ends every policy.', {
    takes: {},
    run: (emulator) => emulator.clearPolicies(),
  }),
}

const behaviourOperations = {
  'set-fault': operation('Breaks the next answers that a fault fits.', {
    takes: { fault: faultInput },
    run: (emulator, { fault }) => emulator.setFault(fault),
  }),
  'clear-faults': operation('Ends every fault that waits.', {
    takes: {},
    run: (emulator) => emulator.clearFaults(),
  }),
  'rotate-keys': operation('Replaces the signing keys by a new one.', {
    takes: {},
    run: (emulator) => emulator.rotateKeys(),
  }),
  'add-key': operation('Adds a signing key, which signs from now on.', {
    takes: {},
    answers: { kid: 'The id of the key.' },
    run: async (emulator) => ({ kid: await emulator.addKey() }),
  }),
  'set-clock-offset': operation('Puts the clock wrong.', {
    takes: { seconds: v.number() },
    run: (emulator, { seconds }) => emulator.setClockOffset(seconds),
  }),
  'replace-directory': operation('Puts what a directory file holds in place of the directory.', {
    takes: { directory: v.looseObject({}) },
    run: (emulator, { directory }) => emulator.replaceDirectory(directory),
  }),
  'clear-requests': operation('Forgets the requests.', {
    takes: {},
    run: (emulator) => emulator.clearRequests(),
  }),
  reset: operation('Puts directory, clock and memory back to how they were at first.', {
    takes: {},
    run: (emulator) => emulator.reset(),
  }),
}

/** Every operation by its name. */
export const operations: Readonly<Record<string, Operation>> = {
  ...peopleOperations,
  ...applicationOperations,
  ...credentialOperations,
  ...consentOperations,
  ...behaviourOperations,
}
