import type { Hono } from 'hono'
import {
  type Changes,
  groupIdsNamed,
  withChangedApplication,
  withChangedUser,
} from './change-directory.ts'
import type { Application, Directory, User } from './directory.ts'
import type { Fault } from './faults.ts'
import { findPersonByName } from './find-in-directory.ts'
import { createRoutes } from './routes.ts'
import { createEmulatorState, type EmulatorRequest, type EmulatorState } from './state.ts'

export type { Application, Directory, Tenant, User } from './directory.ts'
export { parseDirectory, seededDirectory } from './directory.ts'
export type { Endpoint, Fault } from './faults.ts'
export type { EmulatorRequest } from './state.ts'

export type EmulatorOptions = {
  /** All URLs and issuers are built from it, never from the Host header. */
  readonly origin: string
  readonly directory?: Directory | undefined
  readonly now?: (() => Date) | undefined
}

/** A small Microsoft Entra ID, and the handles by which a test moves it. */
export type Emulator = {
  readonly origin: string
  readonly fetch: (request: Request) => Promise<Response>
  readonly directory: Directory
  /** The last 10,000 requests, oldest first. */
  readonly requests: readonly EmulatorRequest[]

  /** Authorize answers at once with this person; `undefined` brings the picker back. */
  signInAutomaticallyAs(userPrincipalName: string | undefined): void

  /** Adds a fault to those that wait. One request takes at most one fault of a kind. */
  setFault(fault: Fault): void
  clearFaults(): void

  /** A new key signs from now on, and the one before is gone from the list at once. */
  rotateKeys(): Promise<void>
  /** A new key is published and signs from now on; the others stay published. Answers its `kid`. */
  addKey(): Promise<string>

  updateUser(userPrincipalName: string, changes: Changes<User>): void
  /** Puts a person into exactly these groups, each an object id or a display name. */
  setUserGroups(userPrincipalName: string, groups: readonly string[]): void
  setApplication(clientId: string, changes: Changes<Application>): void
  addRedirectUri(clientId: string, uri: string): void
  /** Adds a client secret beside those the application has. */
  addSecret(clientId: string, value: string): void
  /** Replaces every secret of the application by this one. */
  setSecret(clientId: string, value: string): void
  /** From now on every secret of the application is expired. */
  expireSecret(clientId: string): void

  /** Releases requests that hang or wait. */
  close(): void
}

/** Creates an emulator on Web standards alone; `startEmulator` puts it on a port. */
export function createEmulator(options: EmulatorOptions): Emulator {
  const state = createEmulatorState(options)
  const routes = createRoutes(state)

  return {
    origin: state.origin,
    requests: state.requests,
    get directory() {
      return state.directory
    },
    fetch: (request) => answerUnlessAborted(routes, request),
    signInAutomaticallyAs: (name) => signInAutomaticallyAs(state, name),
    setFault: (fault) => state.faults.add(fault),
    clearFaults: () => state.faults.clear(),
    rotateKeys: async () => void (await state.keys.rotate()),
    addKey: async () => (await state.keys.add()).kid,
    ...directoryHandles(state),
    ...secretHandles(state),
    close: () => state.closing.abort(),
  }
}

/** Rejects like `fetch` when the caller gave up, which is how a hang ends. */
async function answerUnlessAborted(routes: Hono, request: Request): Promise<Response> {
  const response = await routes.fetch(request)
  request.signal.throwIfAborted()
  return response
}

function signInAutomaticallyAs(state: EmulatorState, name: string | undefined): void {
  if (name !== undefined && findPersonByName(state.directory, name) === undefined) {
    throw new Error(`the emulator's directory has no user ${name}`)
  }
  state.automaticUser = name
}

function directoryHandles(state: EmulatorState) {
  return {
    updateUser(name: string, changes: Changes<User>): void {
      state.directory = withChangedUser(state.directory, name, changes)
    },
    setUserGroups(name: string, groups: readonly string[]): void {
      const memberOf = groupIdsNamed(state.directory, name, groups)
      state.directory = withChangedUser(state.directory, name, { memberOf })
    },
    setApplication(clientId: string, changes: Changes<Application>): void {
      changeApplication(state, clientId, () => changes)
    },
    addRedirectUri(clientId: string, uri: string): void {
      changeApplication(state, clientId, ({ redirectUris }) => ({
        redirectUris: [...redirectUris, uri],
      }))
    },
  }
}

function secretHandles(state: EmulatorState) {
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
  }
}

function changeApplication(
  state: EmulatorState,
  clientId: string,
  change: (application: Application) => Changes<Application>,
): void {
  state.directory = withChangedApplication(state.directory, clientId, change)
}
