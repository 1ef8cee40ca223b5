/** The refresh token with which a session is checked again while it lasts, sealed to its row. */
import * as v from 'valibot'
import { EntradaError } from '../errors/errors.ts'
import type { VerifiedIdentity } from '../identity-provider/identity-provider.ts'
import type { KeyRing } from '../keys/key-ring.ts'
import { Secret } from '../keys/secret.ts'
import { readStrictJson } from '../protocol/strict-json.ts'
import { strictObject } from '../protocol/strict-object.ts'
import type { Services } from '../services.ts'
import type { PlanWrite } from '../storage/plan.ts'
import type { Connection, Session, SessionId } from '../storage/records.ts'
import type { SessionGrant } from '../storage/session-grants.ts'

/** `sub` belongs to one application. The identity's own `sub` may come from a later sign-in through another application. */
export type GrantContent = { readonly grant: Secret; readonly sub: string }

const content = strictObject({ refreshToken: v.string(), sub: v.string() })

/** Returns what stores the grant of a sign-in (Entra's refresh token) with its session. Without one, the session is not checked again. */
export function keptGrant(
  services: Pick<Services, 'keyRing' | 'now'>,
  {
    session,
    connection,
    identity,
    grant,
  }: {
    readonly session: Session
    readonly connection: Connection
    readonly identity: VerifiedIdentity
    readonly grant?: Secret
  },
): readonly PlanWrite[] {
  const { recheckMinutes } = connection.settings
  if (recheckMinutes === undefined || grant === undefined) return []
  const stored: SessionGrant = {
    sessionId: session.id,
    connectionId: connection.id,
    sealed: sealGrant(services.keyRing, session.id, { grant, sub: subjectOf(identity) }),
    nextCheckAt: minutesAfter(services.now(), recheckMinutes),
    failures: 0,
  }
  return [{ write: 'put_session_grant', grant: stored }]
}

/** Returns the subject that the provider names to our application. */
export function subjectOf({ sub, key }: Pick<VerifiedIdentity, 'sub' | 'key'>): string {
  return sub ?? key.subject
}

/** Seals a grant for the row of its session. */
export function sealGrant(
  keyRing: KeyRing,
  sessionId: SessionId,
  { grant, sub }: GrantContent,
): string {
  const text = JSON.stringify({ refreshToken: grant.reveal(), sub })
  return keyRing.seal('session-grant', text, boundTo(sessionId))
}

/** Opens a sealed grant. @throws {EntradaError} `sealed_value_invalid`, `secret_key_missing` */
export function openGrant(
  keyRing: KeyRing,
  { sessionId, sealed }: Pick<SessionGrant, 'sessionId' | 'sealed'>,
): GrantContent {
  const text = keyRing.open('session-grant', sealed, boundTo(sessionId))
  const read = readStrictJson(text)
  const parsed = v.safeParse(content, read.kind === 'read' ? read.value : undefined)
  if (!parsed.success) throw new EntradaError('sealed_value_invalid', { purpose: 'session-grant' })
  return { grant: new Secret(parsed.output.refreshToken), sub: parsed.output.sub }
}

/** Returns the time so many minutes after `from`. */
export function minutesAfter(from: Date, minutes: number): Date {
  return new Date(from.getTime() + minutes * 60_000)
}

function boundTo(sessionId: SessionId): string {
  return `session_grants.sealed:${sessionId}`
}
