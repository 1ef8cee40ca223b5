import type { AuditEvent } from './audit/audit-events.ts'
import type { VerifiedIdentity } from './identity-provider/identity-provider.ts'
import type { ShortIds } from './identity-provider/person-key.ts'
import type { SignInDecision } from './sign-in/decide-sign-in.ts'
import type { AuditEventRecord, OrganizationId } from './storage/records.ts'

/** Functions of the application that Entrada calls. */
export type Hooks = {
  /**
   * Runs after Entrada decided to let a user in and before anything is written. Only `{ refuse: false }` lets the user in: throwing,
   * taking longer than 2 s or returning anything else refuses.
   */
  readonly decideSignIn?: (decision: HookDecision) => Promise<HookAnswer> | HookAnswer
  /**
   * Receives every audit event at least once and in order; with several replicas, in one of them at a time. If it throws or takes longer
   * than 5 s, the event is delivered again later, and the events after it wait. `event.id` identifies a repetition.
   */
  readonly onEvent?: (event: EntradaEvent) => Promise<void> | void
}

/** An audit event. The shape of `detail` follows from `type`. */
export type EntradaEvent = AuditEventRecord & AuditEvent

export type HookDecision = {
  readonly organizationId: OrganizationId
  readonly connectionId: string
  /** With the parts of its key under Microsoft's names too (`cloud`, `tid`, `oid`), where Entra vouches for the person. */
  readonly identity: VerifiedIdentity & Partial<ShortIds>
  readonly decision: Extract<SignInDecision, { kind: 'allowed' }>
}

export type HookAnswer =
  | { readonly refuse: true; readonly reason: string }
  | { readonly refuse: false }
