import type { AuditEventRecord, UserId } from '../storage/records.ts'
import type { AuditEventType } from './audit-events.ts'

const keyMembers = ['tid', 'oid', 'directory', 'subject']

/**
 * Members of an event's detail that describe a person, by type. `all but code` is for evidence of many kinds, of which only the
 * code stays. A new type of event compiles only when it has a row here.
 */
const personalMembers: Readonly<Record<AuditEventType, readonly string[] | 'all but code'>> = {
  'sign_in.succeeded': keyMembers,
  'sign_in.refused': 'all but code',
  'user.created': [...keyMembers, 'username'],
  'identity.linked': keyMembers,
  'membership.created': ['username'],
  'username.released': ['username'],
  'membership.profile_changed': [],
  'membership.roles_changed': [],
  'membership.disabled': [],
  'membership.enabled': [],
  'user.disabled': [],
  'user.enabled': [],
  'user.removed': [],
  'user.erased': [],
  'session.ended': [],
  'sessions.ended': [],
  'database.restored': [],
  'api_key.created': [],
  'api_key.revoked': [],
  'operator.signed_in': [],
  'operator.sign_in_refused': [],
  'connection.created': [],
  'connection.changed': [],
  'connection.removed': [],
  'connection.tested': [],
  'connection.consent_returned': [],
  'connection.credential_ends': [],
  'organization.created': [],
  'organization.changed': [],
  'organization.removed': [],
  'organization.sso_required': [],
  'organization.sso_lifted': [],
  'organization.sso_bypassed': [],
  'organization.sso_bypass_ended': [],
  'domain.added': [],
  'domain.proven': [],
  'domain.lost': [],
  'domain.changed': [],
  'domain.removed': [],
  'webhook.created': [],
  'webhook.changed': [],
  'webhook.turned_off': [],
  'webhook.removed': [],
  'setup_link.created': [],
  'setup_link.opened': [],
  'setup_link.closed': [],
  'key_ring.key_in_front': [],
  'key_ring.key_forgotten': [],
  'key_ring.rotated': [],
  'audit.events_not_stored': [],
  'audit_chain.restarted': [],
}

export type ErasedPerson = { readonly userId: UserId; readonly objectIds: readonly string[] }

/**
 * Returns the event without what describes this person: names and directory ids, and IP address and browser if the person acted.
 * Our own ids stay. Returns `undefined` if the event contains nothing of the person.
 */
export function withoutPerson(
  event: AuditEventRecord,
  person: ErasedPerson,
): AuditEventRecord | undefined {
  const isActor = event.actor.kind === 'user' && event.actor.id === person.userId
  if (!isActor && event.userId !== person.userId && !namesObjectId(event, person)) return undefined
  const { ip, userAgent, ...rest } = event
  const isTheirBrowser = isActor || !isSomebodyElse(event)
  const browser = { ...(ip ? { ip } : {}), ...(userAgent ? { userAgent } : {}) }
  const erased = {
    ...rest,
    ...(isTheirBrowser ? {} : browser),
    detail: withoutMembers(event),
  }
  return JSON.stringify(erased) === JSON.stringify(event) ? undefined : erased
}

function namesObjectId({ detail }: AuditEventRecord, { objectIds }: ErasedPerson): boolean {
  const text = JSON.stringify(detail)
  return objectIds.some((objectId) => text.includes(objectId))
}

/** Returns whether the browser belonged to another person: an operator, a program or another user acted on this one. */
function isSomebodyElse({ actor }: AuditEventRecord): boolean {
  return actor.kind === 'operator' || actor.kind === 'api_key' || actor.kind === 'user'
}

function withoutMembers({ type, detail }: AuditEventRecord): AuditEventRecord['detail'] {
  const personal = personalMembersOf(type)
  const isKept = (member: string) =>
    personal === 'all but code' ? member === 'code' : !personal.includes(member)
  return Object.fromEntries(Object.entries(detail).filter(([member]) => isKept(member)))
}

/** An event of a type that this release does not know is treated as evidence. */
function personalMembersOf(type: string): readonly string[] | 'all but code' {
  return Object.hasOwn(personalMembers, type)
    ? personalMembers[type as AuditEventType] // an own key of the table
    : 'all but code'
}
