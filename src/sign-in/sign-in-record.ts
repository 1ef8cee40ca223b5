import type { Exchange } from '../http/exchange.ts'
import type { VerifiedIdentity } from '../identity-provider/identity-provider.ts'
import type { Secret } from '../keys/secret.ts'
import type { AuthorizationResponse } from '../protocol/authorization-response.ts'
import type { Services } from '../services.ts'
import type { Connection, SignInStep, TracedPerson, UserId } from '../storage/records.ts'
import type { Attempt } from './attempt.ts'

/** One opened attempt and its steps, kept while it is worked on and stored when it ends, whichever way. */
export type SignInRecord = {
  readonly attempt: Attempt
  readonly steps: SignInStep[]
  connection: Connection | undefined
  userId: UserId | undefined
  /** Set once Entra has said who it is. */
  person: TracedPerson | undefined
  sinceStartMs(): number
  step(step: string, detail?: Readonly<Record<string, unknown>>): void
}

/** What came back from the identity provider, with the record of the attempt that it answers. */
export type Answered = {
  readonly response: AuthorizationResponse
  readonly record: SignInRecord
}

/** A verified identity on its way in. */
export type SignIn = {
  readonly connection: Connection
  readonly identity: VerifiedIdentity
  /** Where the connection checks its sessions again. */
  readonly grant?: Secret
  readonly record: SignInRecord
  /** How `entrada/testing` alters the connection for one person, whenever it is read. */
  readonly asTested?: (connection: Connection) => Connection
}

/** Begins the record of an opened attempt; whatever refuses it from here on is audited with these steps. */
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
