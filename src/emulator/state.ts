import type { CodeChallenge } from './authorization-request.ts'
import { createClock, type EmulatorClock } from './clock.ts'
import { type Directory, seededDirectory } from './directory.ts'
import { createExpiringStore, type ExpiringStore } from './expiring-store.ts'
import { createFaultQueue, type Endpoint, type FaultQueue } from './faults.ts'
import type { Platform } from './redirect-uri.ts'
import { createSigningKeys, type SigningKeys } from './signing-keys.ts'
import type { SsoSession } from './sso-sessions.ts'

/** What a person allowed an application to do; tokens are created from it. */
export type Grant = {
  readonly clientId: string
  /** The platform that the grant was given to, which decides how it is redeemed. */
  readonly platform: Platform
  readonly userId: string
  /** The parts of the `scope` parameter, spelled as in the request. */
  readonly askedScopes: readonly string[]
  readonly requestedClaims: readonly string[]
  /** The requirements of policies that the person has met. */
  readonly stepUps: readonly string[]
  readonly sid: string
  readonly authenticatedAt: Date
  /**
   * How often the person's sessions had been revoked when this was granted. After a further revocation the grant is worth nothing.
   */
  readonly revocations: number
  /** When the grant ends however often it is refreshed; set only for single-page applications. */
  readonly endsAt?: Date | undefined
}

/** The grant of an authorization code, and what it is bound to. */
export type IssuedCode = Grant & {
  readonly authoritySegment: string
  readonly redirectUri: string
  readonly codeChallenge: CodeChallenge | undefined
  readonly nonce: string | undefined
  readonly expiresAt: Date
  readonly spent: boolean
}

/** A refresh token stays valid as long as it is used. */
export type IssuedRefreshToken = Grant & { readonly inactiveAfter: Date }

/** The sign-in of a device, from the device's request until its tokens are issued. */
export type DeviceSignIn = {
  readonly deviceCode: string
  readonly userCode: string
  readonly clientId: string
  readonly authoritySegment: string
  readonly askedScopes: readonly string[]
  readonly expiresAt: Date
  readonly intervalSeconds: number
  readonly polledAt: Date | undefined
  readonly outcome:
    | { readonly kind: 'pending' }
    | { readonly kind: 'declined' }
    | { readonly kind: 'approved'; readonly grant: Grant }
    | { readonly kind: 'redeemed' }
}

/** An access token for an API. The grant of its user lets the API act on behalf of them; the token of an application has none. */
export type IssuedApiToken = {
  readonly grant: Grant | undefined
  readonly audience: string
  readonly expiresAt: Date
}

/** What an access token for Microsoft Graph allows: scopes for a person, roles for an application alone. */
export type IssuedAccessToken = {
  readonly clientId: string
  readonly tenantId: string
  readonly userId: string | undefined
  readonly scopes: readonly string[]
  readonly appRoles: readonly string[]
  readonly expiresAt: Date
}

/** A request that the emulator received; it has a status after it was answered. */
export type EmulatorRequest = {
  readonly at: Date
  readonly method: string
  readonly endpoint: Endpoint
  readonly path: string
  readonly params: Readonly<Record<string, string>>
  readonly headers: Readonly<Record<string, string>>
  readonly status?: number
}

/** The memory of one emulator. */
export type EmulatorState = {
  readonly origin: string
  /** The start of Microsoft Graph's addresses. */
  readonly graphUrl: string
  readonly now: () => Date
  readonly clock: EmulatorClock
  readonly keys: SigningKeys
  readonly faults: FaultQueue
  readonly codes: ExpiringStore<IssuedCode>
  readonly refreshTokens: ExpiringStore<IssuedRefreshToken>
  readonly accessTokens: ExpiringStore<IssuedAccessToken>
  /** Access tokens for APIs, by the token itself. */
  readonly apiTokens: ExpiringStore<IssuedApiToken>
  /** Sign-ins of devices, by device code. */
  readonly deviceSignIns: ExpiringStore<DeviceSignIn>
  /** The device code of each code that a user enters. */
  readonly userCodes: ExpiringStore<string>
  readonly usedAssertions: ExpiringStore<true>
  /** How often each account's sessions were revoked, by object id. */
  readonly revocations: Map<string, number>
  readonly ssoSessions: ExpiringStore<SsoSession>
  readonly requests: EmulatorRequest[]
  readonly closing: AbortController
  /** The values that a reset restores. */
  readonly start: { readonly directory: Directory; readonly clockOffsetSeconds: number }
  directory: Directory
  automaticUser: string | undefined
}

export type EmulatorStateOptions = {
  readonly origin: string
  readonly graphOrigin?: string | undefined
  readonly directory?: Directory | undefined
  readonly now?: (() => Date) | undefined
  readonly clockOffsetSeconds?: number | undefined
  /** Called with every changed directory before the change takes effect; if it throws, nothing changes. */
  readonly onDirectoryChange?: ((directory: Directory) => void) | undefined
}

const DAY_SECONDS = 86_400
export const REFRESH_TOKEN_DAYS = 90

/** Creates the memory of an emulator; everything in it is limited. */
export function createEmulatorState(options: EmulatorStateOptions): EmulatorState {
  const clock = createClock(options.now, options.clockOffsetSeconds)
  const origin = new URL(options.origin).origin
  let directory = options.directory ?? seededDirectory()
  const graphOrigin = options.graphOrigin && new URL(options.graphOrigin).origin
  const storeFor = <Value>(maxAgeSeconds: number) =>
    createExpiringStore<Value>({ now: clock.now, maxAgeSeconds, maxEntries: 10_000 })

  return {
    origin,
    graphUrl: graphOrigin ? `${graphOrigin}/v1.0` : `${origin}/graph/v1.0`,
    now: clock.now,
    clock,
    keys: createSigningKeys(),
    faults: createFaultQueue(),
    // Entries are kept for twice their lifetime, so that an expired one differs from one that never existed.
    codes: storeFor(20 * 60),
    refreshTokens: storeFor(2 * REFRESH_TOKEN_DAYS * DAY_SECONDS),
    accessTokens: storeFor(3 * 3600),
    apiTokens: storeFor(3 * 3600),
    deviceSignIns: storeFor(30 * 60),
    userCodes: storeFor(30 * 60),
    usedAssertions: storeFor(DAY_SECONDS),
    revocations: new Map(),
    ssoSessions: storeFor(DAY_SECONDS),
    requests: [],
    closing: new AbortController(),
    start: { directory, clockOffsetSeconds: clock.offsetSeconds },
    get directory() {
      return directory
    },
    set directory(changed) {
      options.onDirectoryChange?.(changed)
      directory = changed
    },
    automaticUser: undefined,
  }
}
