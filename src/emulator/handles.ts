import { randomUUID } from 'node:crypto'
import {
  type Changes,
  getTenant,
  getUser,
  groupIdsNamed,
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
import { findPersonByName } from './find-in-directory.ts'
import type { Platform } from './redirect-uri.ts'
import { revokeSessions } from './revoke-sessions.ts'
import type { DeviceSignIn, EmulatorState } from './state.ts'

/** What can be moved about an emulator: by a test, and by the administration's page and JSON. */
export type EmulatorHandles = {
  /** Authorize answers at once with this person; `undefined` brings the picker back. */
  signInAutomaticallyAs(userPrincipalName: string | undefined): void

  /** Lets the device in that shows this user code, as the page `/device` does. */
  approveDeviceCode(userCode: string, user: string): void
  declineDeviceCode(userCode: string): void

  /** Adds a fault to those that wait. One request takes at most one fault of a kind. */
  setFault(fault: Fault): void
  clearFaults(): void

  /** A new key signs from now on, and the one before is gone from the list at once. */
  rotateKeys(): Promise<void>
  /** A new key is published and signs from now on; the others stay published. Answers its `kid`. */
  addKey(): Promise<string>
  /** Puts the emulator's clock wrong: the times in tokens, and the `Date` of every answer. */
  setClockOffset(seconds: number): void

  /** People are named by user principal name or object id, tenants by id or domain. Answers the object id. */
  addUser(tenant: string, user: NewUser): string
  updateUser(user: string, changes: Changes<User>): void
  removeUser(user: string): void
  /** Puts a person into exactly these groups, each an object id or a display name. */
  setUserGroups(user: string, groups: readonly string[]): void
  /** Ends every browser session and refresh token of a person, as "revoke sessions" does. */
  revokeSessions(user: string): void
  /** Answers the object id. */
  addGroup(tenant: string, group: NewGroup): string
  removeGroup(groupId: string): void

  /** Answers the client id. */
  addApplication(application: NewApplication): string
  setApplication(clientId: string, changes: Changes<Application>): void
  /** Registers a redirect URI, for the platform `web` unless another one is named. */
  addRedirectUri(clientId: string, uri: string, platform?: Platform): void
  /** Removes a redirect URI from every platform. */
  removeRedirectUri(clientId: string, uri: string): void
  /** Assigns a person or a group, by object id, with an app role or without. */
  assign(clientId: string, principalId: string, appRole?: string): void
  unassign(clientId: string, principalId: string): void
  /** Adds a client secret beside those the application has. */
  addSecret(clientId: string, value: string): void
  /** Replaces every secret of the application by this one. */
  setSecret(clientId: string, value: string): void
  /** From now on every secret of the application is expired. */
  expireSecret(clientId: string): void
  /** Uploads a certificate (PEM) beside those the application has. */
  addCertificate(clientId: string, certificate: string): void
  /** Trusts another issuer's tokens as the application's own. Without `keys` the issuer is the emulator's. */
  addFederatedCredential(clientId: string, credential: NewFederatedCredential): void
  /** A token of the issuer that the emulator hosts under `/emulator/issuer`. */
  issueFederatedToken(options: FederatedTokenOptions): Promise<string>

  /** An administrator consents for a tenant, which then has the application. */
  grantAdminConsent(clientId: string, tenant: string, permissions?: Permissions): void
  revokeConsent(clientId: string, tenant: string): void
  /** From now on a policy asks people for a step-up. */
  addPolicy(policy: Changes<Policy> & { readonly require: string }): void
  clearPolicies(): void

  /** Puts another directory in place of this one: what a directory file holds. */
  replaceDirectory(content: unknown): void
  clearRequests(): void
  /** Directory, clock and memory as they were at the start, and nobody signed in automatically; the keys stay. */
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

/** The handles of one emulator. */
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
      if (name !== undefined && findPersonByName(state.directory, name) === undefined) {
        throw new Error(`the emulator's directory has no user ${name}`)
      }
      state.automaticUser = name
    },
    approveDeviceCode(userCode: string, name: string): void {
      const waiting = getWaitingDevice(state, userCode)
      const person = findDeviceUser(state, waiting, getUser(state.directory, name))
      if ('error' in person) throw new Error(`AADSTS${person.code}: ${person.text}`)
      approveDevice(state, waiting, { person, sid: randomUUID() })
    },
    declineDeviceCode: (userCode: string) =>
      declineDevice(state, getWaitingDevice(state, userCode)),
    setFault: (fault: Fault) => state.faults.add(fault),
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
      const memberOf = groupIdsNamed(state.directory, name, groups)
      state.directory = withChangedUser(state.directory, name, { memberOf })
    },
    revokeSessions: (name: string) => revokeSessions(state, getUser(state.directory, name)),
    addGroup(tenant: string, group: NewGroup): string {
      state.directory = withNewGroup(state.directory, tenant, group)
      return getTenant(state.directory, tenant).groups.at(-1)?.id ?? ''
    },
    removeGroup(groupId: string): void {
      state.directory = withoutGroup(state.directory, groupId)
    },
  }
}

function applicationHandles(state: EmulatorState) {
  return {
    addApplication(application: NewApplication): string {
      state.directory = withNewApplication(state.directory, application)
      return state.directory.applications.at(-1)?.clientId ?? ''
    },
    setApplication(clientId: string, changes: Changes<Application>): void {
      changeApplication(state, clientId, () => changes)
    },
    addRedirectUri(clientId: string, uri: string, platform: Platform = 'web'): void {
      const list = redirectUriLists[platform]
      changeApplication(state, clientId, (known) => ({
        [list]: known[list].includes(uri) ? known[list] : [...known[list], uri],
      }))
    },
    removeRedirectUri(clientId: string, uri: string): void {
      const without = (uris: readonly string[]) => uris.filter((known) => known !== uri)
      changeApplication(state, clientId, (known) => ({
        redirectUris: without(known.redirectUris),
        spaRedirectUris: without(known.spaRedirectUris),
        nativeRedirectUris: without(known.nativeRedirectUris),
      }))
    },
    assign(clientId: string, principalId: string, appRole?: string): void {
      const assigned = { principalId, ...(appRole === undefined ? {} : { appRole }) }
      changeApplication(state, clientId, ({ assignments }) => ({
        assignments: [...assignments, assigned],
      }))
    },
    unassign(clientId: string, principalId: string): void {
      changeApplication(state, clientId, ({ assignments }) => ({
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
    addSecret(clientId: string, value: string): void {
      changeApplication(state, clientId, ({ secrets }) => ({ secrets: [...secrets, { value }] }))
    },
    setSecret(clientId: string, value: string): void {
      changeApplication(state, clientId, () => ({ secrets: [{ value }] }))
    },
    expireSecret(clientId: string): void {
      const expiresAt = state.now()
      changeApplication(state, clientId, ({ secrets }) => ({
        secrets: secrets.map((secret) => ({ ...secret, expiresAt })),
      }))
    },
    addCertificate(clientId: string, certificate: string): void {
      changeApplication(state, clientId, ({ certificates }) => ({
        certificates: [...certificates, certificate],
      }))
    },
    addFederatedCredential(clientId: string, credential: NewFederatedCredential): void {
      state.directory = withChangedApplication(state.directory, clientId, (application) =>
        withCredential(application, credential),
      )
    },
    issueFederatedToken: (options: FederatedTokenOptions) => newFederatedToken(state, options),
  }
}

function consentHandles(state: EmulatorState) {
  return {
    grantAdminConsent(clientId: string, tenant: string, permissions: Permissions = {}): void {
      const { scopes = [], appRoles = [] } = permissions
      const tenantId = getTenant(state.directory, tenant).id
      recordConsent(state, { clientId, tenantId, scopes, appRoles })
    },
    revokeConsent(clientId: string, tenant: string): void {
      revokeConsent(state, clientId, getTenant(state.directory, tenant).id)
    },
    addPolicy(policy: Changes<Policy> & { readonly require: string }): void {
      state.directory = withPolicies(state.directory, [...state.directory.policies, policy])
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
  clientId: string,
  change: (application: Application) => Changes<Application>,
): void {
  state.directory = withChangedApplication(state.directory, clientId, change)
}
