import type { Exchange } from '../http/exchange.ts'
import type { VerifiedIdentity } from '../identity-provider/identity-provider.ts'
import type { Secret } from '../keys/secret.ts'
import type { AuthorizationResponse } from '../protocol/authorization-response.ts'
import type { Services } from '../services.ts'
import type { Connection, SignInStep, TracedPerson, UserId } from '../storage/records.ts'
import type { Attempt } from './attempt.ts'

/** One opened attempt and its steps, collected while it is processed and stored when it ends, with any outcome. */
export type SignInRecord = {
  readonly attempt: Attempt
  readonly steps: SignInStep[]
  connection: Connection | undefined
  userId: UserId | undefined
  /** Set when Entra has identified the person. */
  person: TracedPerson | undefined
  sinceStartMs(): number
  step(step: string, detail?: Readonly<Record<string, unknown>>): void
}

/** What came back from the identity provider, with the record of the attempt that it answers. */
export type Answered = {
  readonly response: AuthorizationResponse
  readonly record: SignInRecord
}

/** A verified identity that is about to sign in. */
export type SignIn = {
  readonly connection: Connection
  readonly identity: VerifiedIdentity
  /** Set if the connection checks its sessions again. */
  readonly grant?: Secret
  readonly record: SignInRecord
  /** Changes the connection for one person in `entrada/testing`, whenever it is read. */
  readonly asTested?: (connection: Connection) => Connection
}

/** Begins the record of an opened attempt; a refusal from here on is audited with its steps. */
export function beginRecord(
  services: Pick<Services, 'now'>,
  exchange: Exchange,
  attempt: Attempt,
): SignInRecord {
  const startedAt = services.now().getTime()
  const sinceStartMs = () => services.now().getTime() - startedAt
  const steps: SignInStep[] = []
  const record: SignInRecord = {
    attempt,
    steps,
    connection: undefined,
    userId: undefined,
    person: undefined,
    sinceStartMs,
    step(step, detail) {
      const afterMs = sinceStartMs()
      steps.push({ step, afterMs, ...(detail ? { detail } : {}) })
    },
  }
  exchange.signIn.record = record
  return record
}
