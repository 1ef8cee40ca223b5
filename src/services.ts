import type { UnstoredEvents } from './audit/bounded-events.ts'
import type { RefusalSampler } from './audit/sample-refusals.ts'
import type { SignInNotes } from './audit/sign-in-notes.ts'
import type { Deployment } from './deployment.ts'
import type { IdentityTokens } from './forward-auth/identity-token.ts'
import type { Hooks } from './hooks.ts'
import type { Limits } from './http/rate-limit.ts'
import type { CredentialStatus } from './identity-provider/client-credentials.ts'
import type { IdentityProvider } from './identity-provider/identity-provider.ts'
import type { CertificateDescription, NewKeyPair } from './identity-provider/new-key-pair.ts'
import type { KeyRing } from './keys/key-ring.ts'
import type { Log } from './log/log.ts'
import type { Metrics, Sample } from './metrics/metrics.ts'
import type { Tracing } from './metrics/tracing.ts'
import type { Connection, SessionId } from './storage/records.ts'
import type { Storage } from './storage/storage.ts'

/**
 * Everything that a flow may use beyond its arguments. `open-services.ts` makes it once; a test makes its own. A file that needs two or
 * three members names them: `Pick<Services, 'storage' | 'now'>`.
 */
export type Services = {
  readonly deployment: Deployment
  readonly storage: Storage
  readonly keyRing: KeyRing
  readonly now: () => Date
  readonly randomBytes: (count: number) => Uint8Array
  /** Returns the SHA-256 of a text, in hex. */
  readonly sha256: (text: string) => string
  /** Returns the client's address, which trusted proxies may forward. */
  readonly clientIp: (forwardedFor: string | null, remoteAddress?: string) => string | undefined
  /** Returns whether the other end of a connection is a proxy whose headers are trusted. */
  readonly isTrustedProxy: (remoteAddress?: string) => boolean
  /**
   * Returns the texts of a name's TXT records; none when DNS answers that there are none.
   *
   * @throws {EntradaError} `dns_unavailable`
   */
  readonly resolveTxt: (name: string) => Promise<readonly string[]>
  readonly log: Log
  readonly hooks: Hooks
  /** Decides which refusals are logged, of those that any client can cause. */
  readonly refusalSampler: RefusalSampler
  /** Counts the events that any client can cause and that were too many to be stored. */
  readonly unstoredEvents: UnstoredEvents
  readonly limits: Limits
  readonly metrics: Metrics
  /** What sign-ins report about their connections. */
  readonly signInNotes: SignInNotes
  /** Checks a session in use against Entra soon, if its connection asks for it and the check is due. The caller does not wait. */
  readonly recheckSoon: (sessionId: SessionId) => void
  readonly tracing: Tracing
  /** Returns memory, CPU and event loop figures of this process. */
  readonly processSamples: () => readonly Sample[]
  /** Signs identity tokens for applications behind a proxy; absent when they are not configured. */
  readonly identityTokens?: IdentityTokens
  /** Returns the state of the credentials of the environment's connection on this replica, without their values. */
  readonly credentialStatus: () => readonly CredentialStatus[]
  /** Makes key pairs, for customers who prefer to store no secret. */
  readonly certificates: {
    readonly create: (wanted: { readonly now: Date; readonly days: number }) => Promise<NewKeyPair>
    /** Returns what may be shown of a certificate (PEM) that {@link create} made. */
    readonly describe: (certificate: string) => CertificateDescription
  }
  /** Reads the token that the platform issues to this workload, for customers who trust it in place of a secret. */
  readonly readFederatedToken?: (() => string) | undefined
  /** Returns the identity provider of a connection. A missing credential is an error only when it is needed. */
  readonly identityProviderFor: (connection: Connection) => IdentityProvider
}
