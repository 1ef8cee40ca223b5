/**
 * The events that are audited, as a closed union. The reference page and the filter of the API are made from {@link
 * auditEventTypes}.
 */
import type { ShownKey } from '../identity-provider/person-key.ts'
import type { SetupLink, SetupLinkId } from '../storage/records.ts'

export type SessionEndReason =
  | 'sign_out'
  | 'ended_by_user'
  | 'replaced'
  /** The person signed in elsewhere and had reached the limit of sessions; this was the oldest one. */
  | 'too_many_sessions'
  | 'entra_front_channel'
  | 'operator'
  /** A recheck against Entra ended the session; `code` is the reason. */
  | 'recheck'
  /** The session came through a connection that is closed because single sign-on through another connection is required. */
  | 'sso_required'

/** The detail of each event. */
type AuditDetails = {
  'sign_in.succeeded': ShownKey & {
    roles: readonly string[]
  }
  'sign_in.refused': Readonly<Record<string, unknown>> & { code: string }
  'user.created': Partial<ShownKey> & {
    username: string
    how: 'first_sign_in' | 'beforehand'
  }
  'identity.linked': ShownKey & { reason: string }
  'membership.created': { username: string }
  'membership.profile_changed': { members: readonly string[] }
  'membership.roles_changed': { before: readonly string[]; after: readonly string[] }
  'membership.disabled': { sessionsEnded: number }
  'membership.enabled': Nothing
  'api_key.created': {
    keyId: string
    name: string
    scopes: readonly string[]
  }
  'api_key.revoked': { keyId: string; name: string }
  'user.disabled': { sessionsEnded: number }
  'user.enabled': Nothing
  'session.ended': {
    reason: SessionEndReason
    code?: string
    /** The claim that differs; set with `recheck_other_person`. */
    claim?: string
  }
  'sessions.ended': {
    of: 'deployment' | 'organization' | 'connection' | 'user'
    sessionsEnded: number
  }
  'database.restored': {
    sessionsEnded: number
    applied: boolean
    users: number
    apiKeys: number
  }
  'operator.signed_in': { how: 'operator_token' }
  'operator.sign_in_refused': { reason: 'operator_token_invalid' }
  'connection.changed': {
    managedBy: string
    members: readonly string[]
    rolesRemoved?: number
    sessionsEnded?: number
  }
  'connection.created': { slug: string }
  'organization.created': { name: string; slug: string }
  'organization.sso_required': { losing: number; sessionsEnded: number }
  'organization.sso_lifted': Nothing
  'organization.sso_bypassed': { reason: string; until: string }
  'organization.sso_bypass_ended': Nothing
  'organization.changed': { members: readonly string[] }
  'domain.added': { name: string }
  'domain.proven': { name: string; proof: 'dns' | 'operator' }
  'domain.lost': { name: string; reason: 'record_gone' | 'moved' }
  'domain.changed': { name: string; members: readonly string[] }
  'domain.removed': { name: string }
  'connection.credential_ends': { endsAt: string; daysLeft: number }
  'webhook.created': { webhookId: string; host: string }
  'webhook.changed': { webhookId: string; members: readonly string[] }
  'webhook.turned_off': { webhookId: string; because: string }
  'user.removed': Nothing
  'user.erased': Nothing
  'username.released': { username: string }
  'connection.removed': { slug: string }
  'organization.removed': { name: string; slug: string }
  'webhook.removed': { webhookId: string }
  'connection.tested': { outcome: 'works' | 'refused'; code?: string }
  'connection.consent_returned': { tenant: string }
  'setup_link.created': {
    link: SetupLinkId
    kind: SetupLink['kind']
    endsAt: string
  }
  'setup_link.opened': { link: SetupLinkId; superseded: boolean }
  'setup_link.closed': {
    link: SetupLinkId
    as: NonNullable<SetupLink['closed']>['as']
  }
  'key_ring.key_in_front': { keyId: string }
  'key_ring.rotated': { resealed: number }
  'key_ring.key_forgotten': {
    keyId: string
    dropped: number
    of: 'connection' | 'webhook' | 'sessions' | 'retired_usernames'
    webhookId?: string
  }
  'audit.events_not_stored': {
    eventType: string
    code?: string
    count: number
    since: string
  }
  'audit_chain.restarted': { reason: string; behind: number }
}
type Nothing = Readonly<Record<string, never>>

export type AuditEventType = keyof AuditDetails

export type AuditEvent = {
  [Type in AuditEventType]: { readonly type: Type; readonly detail: Readonly<AuditDetails[Type]> }
}[AuditEventType]

/** Every type with its meaning, for the reference and for the filter of the API. */
export const auditEventTypes: Readonly<Record<AuditEventType, string>> = {
  'sign_in.succeeded':
    'A person signed in. Detail: `tid`, `oid`, `space`, `directory`, `subject`, the roles they hold now.',
  'sign_in.refused':
    'An opened sign-in attempt was refused. Detail: `code` (see errors), the error of the identity provider, and evidence.',
  'user.created': 'A user was created, by a first sign-in or beforehand by an operator.',
  'identity.linked': 'An identity of a directory was linked to a user. Detail: the reason.',
  'membership.created': 'A user became a member of an organization, under this username.',
  'membership.profile_changed':
    'A sign-in changed the profile of a membership. Detail: the names of the members that changed.',
  'membership.roles_changed':
    'A sign-in or an administrator changed the roles of a membership. Detail: before and after.',
  'membership.disabled':
    'A membership was disabled; the sessions of its user there ended. Detail: how many.',
  'membership.enabled': 'A membership was enabled again.',
  'api_key.created': 'A key for the API was created. Detail: its name and scopes, never the key.',
  'api_key.revoked': 'A key for the API was revoked. Detail: its name.',
  'user.disabled': 'An operator disabled a user; all their sessions ended.',
  'user.enabled': 'An operator enabled a user again.',
  'session.ended':
    'A session ended before its time. Detail: the reason; with `recheck` the code of the refusal.',
  'sessions.ended':
    'An operator ended every session of the deployment, or of one organization, connection or user. Detail: which of them, and how many.',
  'database.restored':
    'A backup was restored. Detail: how many sessions of it ended, how many users and API keys of it had been disabled, removed or revoked since, and whether that was applied again.',
  'operator.signed_in': 'An operator signed in with the operator token.',
  'operator.sign_in_refused': 'A request sent a wrong operator token.',
  'connection.changed':
    'A connection was created or changed. Detail: the members that changed, never their values; how many role assignments the change removed, and how many sessions it ended.',
  'connection.created': 'A connection was created, as a draft. Detail: its slug.',
  'organization.created': 'An organization was created. Detail: name and slug.',
  'organization.sso_required':
    'Single sign-on through one connection was required. Detail: how many members had never used it, and how many sessions ended.',
  'organization.sso_lifted':
    'Single sign-on is no longer required; every connection can be used again.',
  'organization.sso_bypassed':
    'Required single sign-on was suspended for a time. Detail: the reason, and when the suspension ends.',
  'organization.sso_bypass_ended': 'The suspension of required single sign-on was ended early.',
  'organization.changed':
    'An organization was changed. Detail: the members that changed, never their values.',
  'domain.added': 'A domain was added to an organization. It is not proven yet.',
  'domain.proven':
    'A domain was proven to belong to an organization. Detail: `proof`: `dns` (its TXT record was found), or `operator`.',
  'domain.lost':
    'A domain is no longer proven; its users can still sign in. Detail: `reason`: `record_gone`, or `moved` to another organization that has proven it.',
  'domain.changed': 'The connection that users of a domain sign in through was changed.',
  'domain.removed': 'A domain was removed from an organization.',
  'connection.credential_ends':
    'The last credential of a connection ends soon, or has ended: 60, 30, 14, 7 and 1 days before the end, and at the end. Detail: when, and the days left.',
  'webhook.created': 'A webhook was created. Detail: its id and the host of its address.',
  'webhook.changed': 'A webhook was changed. Detail: the members that changed, never their values.',
  'webhook.turned_off':
    'A webhook was turned off because its receiver answered 410 or accepted no event for days.',
  'user.removed':
    'A user was removed permanently, with identities, memberships, sessions and sign-in traces.',
  'user.erased':
    'Names, directory ids, IP addresses and browsers of a removed user were erased from the audit trail. Ids of this server stay.',
  'username.released':
    'The username of a removed user may be given to another user of the organization. Detail: the username.',
  'connection.removed': 'A connection was removed. Detail: its slug.',
  'organization.removed':
    'An organization was removed permanently, with its connections, members and everything else.',
  'webhook.removed': 'A webhook was removed.',
  'connection.tested':
    'A test sign-in through a connection came back. Detail: whether the connection works, and the code if not; nothing about the user.',
  'connection.consent_returned':
    'An administrator returned from admin consent. Detail: the tenant that the answer names, which is not trusted before a test sign-in from it.',
  'setup_link.created':
    'An operator created a set-up link for a connection. Detail: its id, kind and end; never the link itself.',
  'setup_link.opened':
    'A browser opened a set-up link. Detail: whether it replaced another browser.',
  'setup_link.closed':
    'A set-up link ended before its time: withdrawn by an operator, replaced by a newer one, or finished by its user.',
  'key_ring.key_in_front':
    'The first rotation under a key that is now the first of the ring. Detail: the id of the key. An hour later no browser has a value under a former key.',
  'key_ring.rotated':
    "An operator sealed a connection's secrets again under the first key. Detail: how many.",
  'key_ring.key_forgotten':
    'An operator gave up a key that was lost. Detail: its id, how many values that only this key opened were dropped, and of what: credentials of the connection, secrets of a webhook, sessions that could no longer be checked (they ended), or the key that prevents usernames of removed users from being given again.',
  'audit.events_not_stored':
    'There were more refusals than are stored one by one; any client can cause them. Detail: the type and code of the events, how many were not stored, and since when.',
  'audit_chain.restarted':
    'An operator restarted the audit chain. Detail: the reason, and the number of the last link of the former chain.',
}
