import type { Hono } from 'hono'
import { allowEveryPage, answerPreflight } from './cross-origin.ts'
import type { Directory } from './directory.ts'
import type { Fault } from './faults.ts'
import { createHandles, type EmulatorHandles } from './handles.ts'
import { rememberStatus } from './request-log.ts'
import { createRoutes } from './routes.ts'
import {
  createEmulatorState,
  type EmulatorRequest,
  type EmulatorState,
  type EmulatorStateOptions,
} from './state.ts'

export type { Changes, NewApplication, NewGroup, NewUser } from './change-directory.ts'
export type { Application, Directory, Group, Policy, Tenant, User } from './directory.ts'
export { parseDirectory, seededDirectory } from './directory.ts'
export type { Endpoint, Fault } from './faults.ts'
export type { FederatedTokenOptions } from './federation-issuer.ts'
export type { EmulatorHandles, NewFederatedCredential, Permissions } from './handles.ts'
export type { Platform } from './redirect-uri.ts'
export type { EmulatorRequest } from './state.ts'

/**
 * `origin` is the start of all URLs and issuers; the Host header is never used. `graphOrigin` is a separate host for Microsoft
 * Graph, where its addresses start with `/v1.0`; without it they start with `/graph/v1.0`.
 */
export type EmulatorOptions = EmulatorStateOptions

/** A small Microsoft Entra ID, and the functions with which a test controls it. */
export type Emulator = EmulatorHandles & {
  readonly origin: string
  /** The start of Microsoft Graph's addresses, such as `http://localhost:3001/graph/v1.0`. */
  readonly graphUrl: string
  readonly fetch: (request: Request) => Promise<Response>
  readonly directory: Directory
  /** The last 10,000 requests, oldest first. */
  readonly requests: readonly EmulatorRequest[]
  /** The faults that have not occurred yet. */
  readonly faults: readonly Fault[]

  /** Ends requests that hang or wait. */
  close(): void
}

/** Creates an emulator that uses Web standards only; `startEmulator` makes it listen on a port. */
export function createEmulator(options: EmulatorOptions): Emulator {
  const state = createEmulatorState(options)
  const handles = createHandles(state)
  const routes = createRoutes(state, handles)

  return {
    ...handles,
    origin: state.origin,
    graphUrl: state.graphUrl,
    requests: state.requests,
    get directory() {
      return state.directory
    },
    get faults() {
      return state.faults.waiting
    },
    fetch: (request) => answerUnlessAborted(state, routes, request),
    close: () => state.closing.abort(),
  }
}

/** Rejects like `fetch` when the caller aborts the request, which is how a hang ends. Every response has a `Date` header. */
async function answerUnlessAborted(
  state: EmulatorState,
  routes: Hono,
  request: Request,
): Promise<Response> {
  const response = answerPreflight(state, request) ?? (await routes.fetch(request))
  request.signal.throwIfAborted()
  rememberStatus(request, response)
  allowEveryPage(request, response)
  response.headers.set('Date', state.now().toUTCString())
  return response
}
