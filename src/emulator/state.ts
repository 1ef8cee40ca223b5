import type { CodeChallenge } from './authorization-request.ts'
import { type Directory, seededDirectory } from './directory.ts'
import { createExpiringStore, type ExpiringStore } from './expiring-store.ts'
import { createFaultQueue, type Endpoint, type FaultQueue } from './faults.ts'
import { createKeyRing, type KeyRing } from './signing-keys.ts'
import type { SsoSession } from './sso-sessions.ts'

/** What an authorization code stands for, and what it is bound to. */
export type IssuedCode = {
  readonly authoritySegment: string
  readonly clientId: string
  readonly redirectUri: string
  readonly codeChallenge: CodeChallenge | undefined
  readonly userId: string
  readonly scopes: readonly string[]
  readonly requestedClaims: readonly string[]
  readonly nonce: string | undefined
  readonly sid: string
  readonly authenticatedAt: Date
  readonly expiresAt: Date
  readonly spent: boolean
}

/** A request the emulator received. */
export type EmulatorRequest = {
  readonly at: Date
  readonly method: string
  readonly endpoint: Endpoint
  readonly path: string
  readonly params: Readonly<Record<string, string>>
  readonly headers: Readonly<Record<string, string>>
}

/** Everything one emulator remembers. */
export type EmulatorState = {
  readonly origin: string
  readonly now: () => Date
  readonly keys: KeyRing
  readonly faults: FaultQueue
  readonly codes: ExpiringStore<IssuedCode>
  readonly ssoSessions: ExpiringStore<SsoSession>
  readonly requests: EmulatorRequest[]
  readonly closing: AbortController
  directory: Directory
  automaticUser: string | undefined
}

/** Creates the memory of an emulator; everything in it is bounded. */
export function createEmulatorState(options: {
  readonly origin: string
  readonly directory?: Directory | undefined
  readonly now?: (() => Date) | undefined
}): EmulatorState {
  const now = options.now ?? (() => new Date())
  return {
    origin: new URL(options.origin).origin,
    now,
    keys: createKeyRing(),
    faults: createFaultQueue(),
    // Twice the life of a code, so that an expired one is still told from one that never was.
    codes: createExpiringStore({ now, maxAgeSeconds: 20 * 60, maxEntries: 10_000 }),
    ssoSessions: createExpiringStore({ now, maxAgeSeconds: 24 * 3600, maxEntries: 10_000 }),
    requests: [],
    closing: new AbortController(),
    directory: options.directory ?? seededDirectory(),
    automaticUser: undefined,
  }
}
