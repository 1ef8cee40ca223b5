import type { AuditEventRecord, Session, SignInTrace } from '../storage/records.ts'
import type { Page, UserListItem } from '../storage/storage.ts'

/** The JSON of the API: RFC 3339 times, `null` for absent, nothing secret. */

export function pageJson<T>({ items, next }: Page<T>, toJson: (item: T) => unknown) {
  return { items: items.map(toJson), next: next ?? null }
}

export function userJson({ user, memberships, identities, roles }: UserListItem) {
  return {
    id: user.id,
    status: user.status,
    createdAt: user.createdAt.toISOString(),
    memberships: memberships.map((membership) => ({
      id: membership.id,
      organizationId: membership.organizationId,
      username: membership.username,
      displayName: membership.profile.displayName ?? null,
      email: membership.profile.email ?? null,
      guest: membership.profile.guest ?? null,
      status: membership.status,
      lastSignInAt: membership.lastSignInAt?.toISOString() ?? null,
      roles: roles
        .filter(({ membershipId }) => membershipId === membership.id)
        .map(({ role, source }) => ({ role, source })),
    })),
    identities: identities.map(({ id, cloud, tid, oid, lastSignInAt }) => ({
      id,
      cloud,
      tid,
      oid,
      lastSignInAt: lastSignInAt?.toISOString() ?? null,
    })),
  }
}

export function sessionRecordJson(session: Session) {
  return {
    id: session.id,
    kind: session.kind,
    userId: session.userId ?? null,
    organizationId: session.organizationId ?? null,
    connectionId: session.connectionId ?? null,
    host: session.host,
    ip: session.ip ?? null,
    userAgent: session.userAgent ?? null,
    createdAt: session.createdAt.toISOString(),
    lastSeenAt: session.lastSeenAt.toISOString(),
    expiresAt: session.absoluteEndsAt.toISOString(),
    idleExpiresAt: session.idleEndsAt.toISOString(),
  }
}

export function auditEventJson(event: AuditEventRecord) {
  return {
    id: event.id,
    at: event.at.toISOString(),
    type: event.type,
    actor: event.actor,
    organizationId: event.organizationId ?? null,
    connectionId: event.connectionId ?? null,
    userId: event.userId ?? null,
    sessionId: event.sessionId ?? null,
    correlationId: event.correlationId ?? null,
    ip: event.ip ?? null,
    userAgent: event.userAgent ?? null,
    detail: event.detail,
  }
}

export function signInTraceJson(trace: SignInTrace) {
  return {
    id: trace.id,
    at: trace.at.toISOString(),
    outcome: trace.outcome,
    code: trace.code ?? null,
    connectionId: trace.connectionId ?? null,
    userId: trace.userId ?? null,
    correlationId: trace.correlationId,
    steps: trace.steps,
  }
}

export type UserJson = ReturnType<typeof userJson>
export type SessionRecordJson = ReturnType<typeof sessionRecordJson>
export type AuditEventJson = ReturnType<typeof auditEventJson>
export type SignInTraceJson = ReturnType<typeof signInTraceJson>
