import { randomUUID } from 'node:crypto'
import {
  type Changes,
  type NewApplication,
  type NewGroup,
  type NewUser,
  withChangedApplication,
  withChangedUser,
  withNewApplication,
  withNewGroup,
  withNewUser,
  withoutGroup,
  withoutUser,
} from './change-directory.ts'
import { setClockOffset } from './clock.ts'
import { recordConsent, revokeConsent } from './consent.ts'
import {
  approveDevice,
  declineDevice,
  findDeviceUser,
  findWaitingDevice,
} from './device-sign-ins.ts'
import {
  type Application,
  type Directory,
  type Policy,
  parseDirectory,
  type User,
} from './directory.ts'
import type { Fault } from './faults.ts'
import { type FederatedTokenOptions, newFederatedToken } from './federation-issuer.ts'
import {
  getNamedApplication,
  getPrincipalId,
  getTenant,
  getUser,
  withPolicyIds,
} from './named-in-directory.ts'
import type { Platform } from './redirect-uri.ts'
import { revokeSessions } from './revoke-sessions.ts'
import type { DeviceSignIn, EmulatorState } from './state.ts'

/**
 * The functions that control an emulator: for tests, and for the administration's page and JSON. A user is always named by object
 * id or user principal name, a group by object id or display name, an application by client id or display name, a tenant by id,
 * domain or display name; in any letter case. A name that fits two records is refused.
 */
export type EmulatorHandles = {
  /** Makes the authorization endpoint sign in this person without the picker; `undefined` brings the picker back. */
  signInAutomaticallyAs(user: string | undefined): void

  /** Lets the device sign in that shows this user code, as the page `/device` does. */
  approveDeviceCode(userCode: string, user: string): void
  declineDeviceCode(userCode: string): void

  /** Adds a fault to those that wait. A request takes at most one fault of a kind. */
  setFault(fault: Fault): void
  clearFaults(): void

  /** Creates a new key that signs from now on, and removes the previous one from the list at once. */
  rotateKeys(): Promise<void>
  /** Publishes a new key that signs from now on; the others stay published. Returns its `kid`. */
  addKey(): Promise<string>
  /** Sets the emulator's clock wrong: the times in tokens, and the `Date` of every response. */
  setClockOffset(seconds: number): void

  /** Returns the object id. */
  addUser(tenant: string, user: NewUser): string
  updateUser(user: string, changes: Changes<User>): void
  removeUser(user: string): void
  /** Makes a person a member of exactly these groups. */
  setUserGroups(user: string, groups: readonly string[]): void
  /** Ends every browser session and refresh token of a person, as "revoke sessions" does. */
  revokeSessions(user: string): void
  /** Returns the object id. */
  addGroup(tenant: string, group: NewGroup): string
  removeGroup(group: string): void

  /** Returns the client id. */
  addApplication(application: NewApplication): string
  setApplication(application: string, changes: Changes<Application>): void
  /** Registers a redirect URI, for the platform `web` unless another one is named. */
  addRedirectUri(application: string, uri: string, platform?: Platform): void
  /** Removes a redirect URI from every platform. */
  removeRedirectUri(application: string, uri: string): void
  /** Assigns a person, a group or another application, with an app role or without. */
  assign(application: string, principal: string, appRole?: string): void
  unassign(application: string, principal: string): void
  /** Adds a client secret to those of the application. */
  addSecret(application: string, value: string): void
  /** Replaces every secret of the application by this one. */
  setSecret(application: string, value: string): void
  /** Makes every secret of the application expire now. */
  expireSecret(application: string): void
  /** Uploads a certificate (PEM), in addition to those of the application. */
  addCertificate(application: string, certificate: string): void
  /** Makes the application trust another issuer's tokens as its own. Without `keys` the issuer is the emulator's. */
  addFederatedCredential(application: string, credential: NewFederatedCredential): void
  /** Issues a token of the issuer that the emulator hosts under `/emulator/issuer`. */
  issueFederatedToken(options: FederatedTokenOptions): Promise<string>

  /** Consents as an administrator for a tenant, which then has the application. */
  grantAdminConsent(application: string, tenant: string, permissions?: Permissions): void
  revokeConsent(application: string, tenant: string): void
  /** Adds a policy that requires a step-up of users from now on. */
  addPolicy(policy: Changes<Policy> & { readonly require: string }): void
  clearPolicies(): void

  /** Replaces the directory by the content of a directory file. */
  replaceDirectory(content: unknown): void
  clearRequests(): void
  /** Restores directory, clock and memory as they were at the start, without an automatic sign-in; the keys stay. */
  reset(): void
}

export type NewFederatedCredential = {
  readonly issuer: string
  readonly subject: string
  readonly audience?: string
  readonly keys?: readonly Readonly<Record<string, unknown>>[]
}

export type Permissions = {
  readonly scopes?: readonly string[]
  readonly appRoles?: readonly string[]
}

/** Creates the functions that control one emulator. */
export function createHandles(state: EmulatorState): EmulatorHandles {
  return {
    ...behaviourHandles(state),
    ...peopleHandles(state),
    ...applicationHandles(state),
    ...credentialHandles(state),
    ...consentHandles(state),
  }
}

function behaviourHandles(state: EmulatorState) {
  return {
    signInAutomaticallyAs(name: string | undefined): void {
      const user = name === undefined ? undefined : getUser(state.directory, name).user
      state.automaticUser = user?.userPrincipalName
    },
    approveDeviceCode(userCode: string, name: string): void {
      const waiting = getWaitingDevice(state, userCode)
      const person = findDeviceUser(state, waiting, getUser(state.directory, name))
      if ('error' in person) throw new Error(`AADSTS${person.code}: ${person.text}`)
      approveDevice(state, waiting, { person, sid: randomUUID() })
    },
    declineDeviceCode: (userCode: string) =>
      declineDevice(state, getWaitingDevice(state, userCode)),
    setFault: (fault: Fault) => state.faults.add(withPersonNamed(state, fault)),
    clearFaults: () => state.faults.clear(),
    rotateKeys: async () => void (await state.keys.rotate()),
    addKey: async () => (await state.keys.add()).kid,
    setClockOffset: (seconds: number) => setClockOffset(state.clock, seconds),
    clearRequests: () => void state.requests.splice(0),
    replaceDirectory(content: unknown): void {
      state.directory = parseDirectory(content)
      state.automaticUser = undefined
    },
    reset: () => reset(state),
  }
}

function getWaitingDevice(state: EmulatorState, userCode: string): DeviceSignIn {
  const waiting = findWaitingDevice(state, userCode)
  if (waiting === undefined) throw new Error(`no device waits for the code ${userCode}`)
  return waiting
}

/** Faults name people by user principal name. A person who does not exist yet may be added before the fault occurs. */
function withPersonNamed({ directory }: EmulatorState, fault: Fault): Fault {
  const userName = fault.forUser?.toLowerCase()
  const user = directory.tenants
    .flatMap(({ users }) => users)
    .find(({ id, userPrincipalName }) =>
      [id, userPrincipalName.toLowerCase()].includes(userName ?? ''),
    )
  return user === undefined ? fault : { ...fault, forUser: user.userPrincipalName }
}

function reset(state: EmulatorState): void {
  state.directory = state.start.directory
  state.automaticUser = undefined
  state.clock.offsetSeconds = state.start.clockOffsetSeconds
  state.faults.clear()
  state.requests.splice(0)
  state.revocations.clear()
  const stores = [
    state.codes,
    state.refreshTokens,
    state.accessTokens,
    state.apiTokens,
    state.deviceSignIns,
    state.userCodes,
    state.usedAssertions,
    state.ssoSessions,
  ]
  for (const store of stores) store.clear()
}

function peopleHandles(state: EmulatorState) {
  return {
    addUser(tenant: string, user: NewUser): string {
      state.directory = withNewUser(state.directory, tenant, user)
      return getUser(state.directory, user.userPrincipalName).user.id
    },
    updateUser(name: string, changes: Changes<User>): void {
      state.directory = withChangedUser(state.directory, name, changes)
    },
    removeUser(name: string): void {
      state.revocations.delete(getUser(state.directory, name).user.id)
      state.directory = withoutUser(state.directory, name)
    },
    setUserGroups(name: string, groups: readonly string[]): void {
      state.directory = withChangedUser(state.directory, name, { memberOf: groups })
    },
    revokeSessions: (name: string) => revokeSessions(state, getUser(state.directory, name)),
    addGroup(tenant: string, group: NewGroup): string {
      state.directory = withNewGroup(state.directory, tenant, group)
      return getTenant(state.directory, tenant).groups.at(-1)?.id ?? ''
    },
    removeGroup(name: string): void {
      state.directory = withoutGroup(state.directory, name)
    },
  }
}

function applicationHandles(state: EmulatorState) {
  return {
    addApplication(application: NewApplication): string {
      state.directory = withNewApplication(state.directory, application)
      return state.directory.applications.at(-1)?.clientId ?? ''
    },
    setApplication(name: string, changes: Changes<Application>): void {
      changeApplication(state, name, () => changes)
    },
    addRedirectUri(name: string, uri: string, platform: Platform = 'web'): void {
      const list = redirectUriLists[platform]
      changeApplication(state, name, (registered) => ({
        [list]: registered[list].includes(uri) ? registered[list] : [...registered[list], uri],
      }))
    },
    removeRedirectUri(name: string, uri: string): void {
      const without = (uris: readonly string[]) => uris.filter((registered) => registered !== uri)
      changeApplication(state, name, (registered) => ({
        redirectUris: without(registered.redirectUris),
        spaRedirectUris: without(registered.spaRedirectUris),
        nativeRedirectUris: without(registered.nativeRedirectUris),
      }))
    },
    assign(name: string, principal: string, appRole?: string): void {
      const principalId = getPrincipalId(state.directory, principal)
      const assigned = { principalId, ...(appRole === undefined ? {} : { appRole }) }
      changeApplication(state, name, ({ assignments }) => ({
        assignments: [...assignments, assigned],
      }))
    },
    unassign(name: string, principal: string): void {
      const principalId = getPrincipalId(state.directory, principal)
      changeApplication(state, name, ({ assignments }) => ({
        assignments: assignments.filter((assigned) => assigned.principalId !== principalId),
      }))
    },
  }
}

const redirectUriLists = {
  web: 'redirectUris',
  spa: 'spaRedirectUris',
  native: 'nativeRedirectUris',
} as const satisfies Readonly<Record<Platform, keyof Application>>

function credentialHandles(state: EmulatorState) {
  return {
    addSecret(name: string, value: string): void {
      changeApplication(state, name, ({ secrets }) => ({ secrets: [...secrets, { value }] }))
    },
    setSecret(name: string, value: string): void {
      changeApplication(state, name, () => ({ secrets: [{ value }] }))
    },
    expireSecret(name: string): void {
      const expiresAt = state.now()
      changeApplication(state, name, ({ secrets }) => ({
        secrets: secrets.map((secret) => ({ ...secret, expiresAt })),
      }))
    },
    addCertificate(name: string, certificate: string): void {
      changeApplication(state, name, ({ certificates }) => ({
        certificates: [...certificates, certificate],
      }))
    },
    addFederatedCredential(name: string, credential: NewFederatedCredential): void {
      state.directory = withChangedApplication(state.directory, name, (application) =>
        withCredential(application, credential),
      )
    },
    issueFederatedToken: (options: FederatedTokenOptions) => newFederatedToken(state, options),
  }
}

function consentHandles(state: EmulatorState) {
  return {
    grantAdminConsent(name: string, tenant: string, permissions: Permissions = {}): void {
      const { scopes = [], appRoles = [] } = permissions
      const { clientId } = getNamedApplication(state.directory, name)
      const tenantId = getTenant(state.directory, tenant).id
      recordConsent(state, { clientId, tenantId, scopes, appRoles })
    },
    revokeConsent(name: string, tenant: string): void {
      const { clientId } = getNamedApplication(state.directory, name)
      revokeConsent(state, clientId, getTenant(state.directory, tenant).id)
    },
    addPolicy(policy: Changes<Policy> & { readonly require: string }): void {
      const named = withPolicyIds(state.directory, policy)
      state.directory = withPolicies(state.directory, [...state.directory.policies, named])
    },
    clearPolicies(): void {
      state.directory = withPolicies(state.directory, [])
    },
  }
}

function withPolicies(directory: Directory, policies: readonly unknown[]): Directory {
  return parseDirectory({ ...directory, policies })
}

function withCredential(
  { federatedCredentials }: Application,
  credential: NewFederatedCredential,
): Changes<Application> {
  // The schema checks it and fills in what is missing.
  const added = credential as Application['federatedCredentials'][number]
  return { federatedCredentials: [...federatedCredentials, added] }
}

function changeApplication(
  state: EmulatorState,
  name: string,
  change: (application: Application) => Changes<Application>,
): void {
  state.directory = withChangedApplication(state.directory, name, change)
}
