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

export type AuditEvent =
  | {
      readonly type: 'sign_in.succeeded'
      readonly detail: ShownKey & {
        readonly roles: readonly string[]
      }
    }
  | {
      readonly type: 'sign_in.refused'
      readonly detail: Readonly<Record<string, unknown>> & { readonly code: string }
    }
  | {
      readonly type: 'user.created'
      readonly detail: Partial<ShownKey> & {
        readonly username: string
        readonly how: 'first_sign_in' | 'beforehand'
      }
    }
  | {
      readonly type: 'identity.linked'
      readonly detail: ShownKey & { readonly reason: string }
    }
  | { readonly type: 'membership.created'; readonly detail: { readonly username: string } }
  | {
      readonly type: 'membership.profile_changed'
      readonly detail: { readonly members: readonly string[] }
    }
  | {
      readonly type: 'membership.roles_changed'
      readonly detail: { readonly before: readonly string[]; readonly after: readonly string[] }
    }
  | { readonly type: 'membership.disabled'; readonly detail: { readonly sessionsEnded: number } }
  | { readonly type: 'membership.enabled'; readonly detail: Readonly<Record<string, never>> }
  | {
      readonly type: 'api_key.created'
      readonly detail: {
        readonly keyId: string
        readonly name: string
        readonly scopes: readonly string[]
      }
    }
  | {
      readonly type: 'api_key.revoked'
      readonly detail: { readonly keyId: string; readonly name: string }
    }
  | { readonly type: 'user.disabled'; readonly detail: { readonly sessionsEnded: number } }
  | { readonly type: 'user.enabled'; readonly detail: Readonly<Record<string, never>> }
  | {
      readonly type: 'session.ended'
      readonly detail: {
        readonly reason: SessionEndReason
        readonly code?: string
        /** The claim that differs; set with `recheck_other_person`. */
        readonly claim?: string
      }
    }
  | {
      readonly type: 'sessions.ended'
      readonly detail: {
        readonly of: 'deployment' | 'organization' | 'connection' | 'user'
        readonly sessionsEnded: number
      }
    }
  | {
      readonly type: 'database.restored'
      readonly detail: {
        readonly sessionsEnded: number
        readonly applied: boolean
        readonly users: number
        readonly apiKeys: number
      }
    }
  | { readonly type: 'operator.signed_in'; readonly detail: { readonly how: 'operator_token' } }
  | {
      readonly type: 'operator.sign_in_refused'
      readonly detail: { readonly reason: 'operator_token_invalid' }
    }
  | {
      readonly type: 'connection.changed'
      readonly detail: {
        readonly managedBy: string
        readonly members: readonly string[]
        readonly rolesRemoved?: number
        readonly sessionsEnded?: number
      }
    }
  | { readonly type: 'connection.created'; readonly detail: { readonly slug: string } }
  | {
      readonly type: 'organization.created'
      readonly detail: { readonly name: string; readonly slug: string }
    }
  | {
      readonly type: 'organization.sso_required'
      readonly detail: { readonly losing: number; readonly sessionsEnded: number }
    }
  | { readonly type: 'organization.sso_lifted'; readonly detail: Readonly<Record<string, never>> }
  | {
      readonly type: 'organization.sso_bypassed'
      readonly detail: { readonly reason: string; readonly until: string }
    }
  | {
      readonly type: 'organization.sso_bypass_ended'
      readonly detail: Readonly<Record<string, never>>
    }
  | {
      readonly type: 'organization.changed'
      readonly detail: { readonly members: readonly string[] }
    }
  | { readonly type: 'domain.added'; readonly detail: { readonly name: string } }
  | {
      readonly type: 'domain.proven'
      readonly detail: { readonly name: string; readonly proof: 'dns' | 'operator' }
    }
  | {
      readonly type: 'domain.lost'
      readonly detail: { readonly name: string; readonly reason: 'record_gone' | 'moved' }
    }
  | {
      readonly type: 'domain.changed'
      readonly detail: { readonly name: string; readonly members: readonly string[] }
    }
  | { readonly type: 'domain.removed'; readonly detail: { readonly name: string } }
  | {
      readonly type: 'connection.credential_ends'
      readonly detail: { readonly endsAt: string; readonly daysLeft: number }
    }
  | {
      readonly type: 'webhook.created'
      readonly detail: { readonly webhookId: string; readonly host: string }
    }
  | {
      readonly type: 'webhook.changed'
      readonly detail: { readonly webhookId: string; readonly members: readonly string[] }
    }
  | {
      readonly type: 'webhook.turned_off'
      readonly detail: { readonly webhookId: string; readonly because: string }
    }
  | { readonly type: 'user.removed'; readonly detail: Readonly<Record<string, never>> }
  | { readonly type: 'user.erased'; readonly detail: Readonly<Record<string, never>> }
  | { readonly type: 'username.released'; readonly detail: { readonly username: string } }
  | { readonly type: 'connection.removed'; readonly detail: { readonly slug: string } }
  | {
      readonly type: 'organization.removed'
      readonly detail: { readonly name: string; readonly slug: string }
    }
  | { readonly type: 'webhook.removed'; readonly detail: { readonly webhookId: string } }
  | {
      readonly type: 'connection.tested'
      readonly detail: { readonly outcome: 'works' | 'refused'; readonly code?: string }
    }
  | { readonly type: 'connection.consent_returned'; readonly detail: { readonly tenant: string } }
  | {
      readonly type: 'setup_link.created'
      readonly detail: {
        readonly link: SetupLinkId
        readonly kind: SetupLink['kind']
        readonly endsAt: string
      }
    }
  | {
      readonly type: 'setup_link.opened'
      readonly detail: { readonly link: SetupLinkId; readonly superseded: boolean }
    }
  | {
      readonly type: 'setup_link.closed'
      readonly detail: {
        readonly link: SetupLinkId
        readonly as: NonNullable<SetupLink['closed']>['as']
      }
    }
  | { readonly type: 'key_ring.key_in_front'; readonly detail: { readonly keyId: string } }
  | { readonly type: 'key_ring.rotated'; readonly detail: { readonly resealed: number } }
  | {
      readonly type: 'key_ring.key_forgotten'
      readonly detail: {
        readonly keyId: string
        readonly dropped: number
        readonly of: 'connection' | 'webhook' | 'sessions' | 'retired_usernames'
        readonly webhookId?: string
      }
    }
  | {
      readonly type: 'audit.events_not_stored'
      readonly detail: {
        readonly eventType: string
        readonly code?: string
        readonly count: number
        readonly since: string
      }
    }
  | {
      readonly type: 'audit_chain.restarted'
      readonly detail: { readonly reason: string; readonly behind: number }
    }

export type AuditEventType = AuditEvent['type']

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
