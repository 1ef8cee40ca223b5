/** GET /admin/users/ID: a user, their sessions, and what happened to them. */

import { html } from 'hono/html'
import { EntradaError } from '../../errors/errors.ts'
import { found } from '../../errors/found.ts'
import type { Exchange } from '../../http/exchange.ts'
import type { Html } from '../../http/responses.ts'
import { shortIdsOf } from '../../identity-provider/person-key.ts'
import type { Services } from '../../services.ts'
import { MOST_SESSIONS } from '../../session/end-sessions.ts'
import type { Session, UserId } from '../../storage/records.ts'
import type { UserListItem } from '../../storage/storage.ts'
import { createAdministration } from '../administration.ts'
import { adminPage } from './admin-page.ts'
import { auditTable } from './audit-table.ts'
import { done } from './flash.ts'
import { confirmed, type FormPlace, postForm } from './form-parts.ts'
import { checkMay, idIn, openForm, openPage, type Viewer } from './page-access.ts'
import {
  badge,
  copyable,
  dataTable,
  factList,
  linkTo,
  nameOf,
  panel,
  timeTag,
} from './page-parts.ts'
import { traceTable } from './trace-table.ts'
import { userBadge } from './user-table.ts'
import { displayNameOf, withinOrganization } from './user-words.ts'

const SHOWN = 10

/** Answers GET /admin/users/ID. */
export async function showUser(services: Services, exchange: Exchange): Promise<Response> {
  const viewer = await openPage(services, exchange, 'memberships:read')
  const item = await getUser(services, exchange, viewer)
  const { id, status } = item.user
  const only = {
    userId: id,
    ...(viewer.organizationId ? { organizationId: viewer.organizationId } : {}),
  }
  const administration = createAdministration(async () => services)
  const [sessions, traces, events] = await Promise.all([
    administration.listSessions(only, { limit: MOST_SESSIONS }),
    administration.listSignInTraces(only, { limit: SHOWN }),
    administration.listAuditEvents(only, { limit: SHOWN }),
  ])
  const place: FormPlace = { services, viewer }
  return adminPage(services, exchange, viewer, {
    title: displayNameOf(item),
    section: 'people',
    above: [{ to: '/admin/users', words: 'People' }],
    lead: html`<p class="states">${userBadge(item)} ${copyable(id)}</p>`,
    body: html`${panel('Memberships', await membershipList(services, item))}
${panel('Identities', identityTable(item))}
${panel('Sessions', sessionTable(place, id, sessions.items))}
${panel('Sign-ins', html`${await traceTable(services, viewer, { traces: traces.items, empty: html`<p>None in the last thirty days.</p>` })}${more(services, traces.next, `/admin/sign-ins?search=${id}`)}`)}
${panel('Audit events', html`${await auditTable(services, viewer, { events: events.items, empty: html`<p>None.</p>` })}${more(services, events.next, `/admin/audit?person=${id}`)}`)}
${viewer.may('users:write', 'deployment') ? panel(status === 'active' ? 'Disable' : 'Enable', statusForm(place, item)) : ''}`,
  })
}

/** Answers POST …/status: `status` is `active` or `disabled`. Sending it twice has the same effect as once. */
export async function setUserStatus(services: Services, exchange: Exchange): Promise<Response> {
  const { viewer, by, read } = await openForm(services, exchange)
  const { user } = await getUser(services, exchange, viewer)
  checkMay(viewer, 'users:write', 'deployment')
  const status = read('status')
  if (status !== 'active' && status !== 'disabled') {
    throw new EntradaError('request_invalid', { parameter: 'status' })
  }
  const administration = createAdministration(async () => services)
  if (status !== user.status) {
    await (status === 'active' ? administration.enableUser : administration.disableUser)(
      by,
      user.id,
    )
  }
  const flash = status === 'active' ? 'user_enabled' : 'user_disabled'
  return done(services, exchange, { flash, to: `/admin/users/${user.id}` })
}

/** Answers POST …/sessions: ends one session, or all of them without `session`. */
export async function endSessionsOf(services: Services, exchange: Exchange): Promise<Response> {
  const { viewer, by, read } = await openForm(services, exchange)
  const { user } = await getUser(services, exchange, viewer)
  checkMay(viewer, 'sessions:write', 'own')
  const { organizationId } = viewer
  const confined = organizationId ? { within: organizationId } : {}
  const sessionId = read('session')
  const administration = createAdministration(async () => services)
  const only = { userId: user.id, ...(organizationId ? { organizationId } : {}) }
  const { items } = await administration.listSessions(only, { limit: MOST_SESSIONS })
  for (const { id } of items.filter((session) => sessionId === '' || session.id === sessionId)) {
    await administration.endSession(by, id, confined).catch(ignoreGone)
  }
  const flash = sessionId === '' ? 'sessions_ended' : 'session_ended'
  return done(services, exchange, { flash, to: `/admin/users/${user.id}` })
}

/** The session has ended by itself meanwhile. */
function ignoreGone(error: unknown): void {
  if (!(error instanceof EntradaError) || error.code !== 'record_not_found') throw error
}

/**
 * Returns the user with only what the viewer may see.
 *
 * @throws {EntradaError} `record_not_found`, also for a user who is only in other organizations
 */
async function getUser(
  { storage }: Pick<Services, 'storage'>,
  exchange: Exchange,
  { organizationId }: Viewer,
): Promise<UserListItem> {
  const user = found(await storage.findUser(idIn(exchange) as UserId)) // any text: an unknown one finds nothing
  const item = withinOrganization(user, organizationId)
  if (organizationId === undefined) return item
  if (item.memberships.length === 0) throw new EntradaError('record_not_found')
  const { items } = await storage.listConnections({ organizationId }, { limit: 200 })
  const connectionIds = new Set(items.map(({ id }) => id))
  const identities = item.identities.filter(({ connectionId }) =>
    connectionIds.has(connectionId ?? ''),
  )
  return { ...item, identities }
}

async function membershipList(
  services: Pick<Services, 'deployment' | 'storage'>,
  { memberships, roles }: UserListItem,
): Promise<Html> {
  const organizations = await Promise.all(
    memberships.map(({ organizationId }) => services.storage.findOrganization(organizationId)),
  )
  if (memberships.length === 0) return html`<div class="empty"><p>In no organization.</p></div>`
  return html`${memberships.map((membership, index) => {
    const { profile, username, status, lastSignInAt, id, organizationId } = membership
    const { email } = profile
    const ownRoles = roles.filter(({ membershipId }) => membershipId === id)
    return html`<article class="membership"><h3>${linkTo(services, `/admin/organizations/${organizationId}`, organizations[index]?.name ?? organizationId)}
${status === 'disabled' ? badge('bad', 'access disabled') : ''}</h3>${factList([
      ['Name', profile.displayName && nameOf(profile.displayName)],
      ['Username', nameOf(username)],
      [
        'Email',
        email &&
          html`${nameOf(email.address)} <small>${email.proven ? 'proven' : 'not proven'}</small>`,
      ],
      ['Sign-in name', profile.userPrincipalName && nameOf(profile.userPrincipalName)],
      ['Guest', profile.guest ? 'yes' : undefined],
      [
        'Roles',
        ownRoles.length === 0
          ? 'none'
          : html`${ownRoles.map(({ role, source }) => html`<div><strong>${nameOf(role)}</strong> <small>${source}</small></div>`)}`,
      ],
      ['Last sign-in', timeTag(lastSignInAt)],
    ])}</article>`
  })}`
}

function identityTable({ identities }: UserListItem): Html {
  return dataTable({
    label: 'Identities',
    head: ['Object id', 'Tenant', 'Cloud', 'Last sign-in (UTC)'],
    rows: identities.map(({ key, lastSignInAt }) => [
      copyable(key.subject),
      copyable(key.directory),
      html`${shortIdsOf(key)?.cloud ?? key.space}`,
      timeTag(lastSignInAt),
    ]),
    empty: html`<p>Not linked to anybody in a directory yet.</p>`,
  })
}

function sessionTable(place: FormPlace, userId: string, sessions: readonly Session[]): Html {
  const mayEnd = place.viewer.may('sessions:write', 'own')
  const action = `/admin/users/${userId}/sessions`
  const table = dataTable({
    label: 'Sessions',
    head: ['Began (UTC)', 'Last seen (UTC)', 'Where', 'Browser', ...(mayEnd ? ['End'] : [])],
    rows: sessions.map(({ id, createdAt, lastSeenAt, host, ip, userAgent }) => [
      timeTag(createdAt),
      timeTag(lastSeenAt),
      html`${host}${ip ? html`<br><small>${ip}</small>` : ''}`,
      html`<span class="agent">${userAgent ?? 'not known'}</span>`,
      ...(mayEnd
        ? [
            postForm(place, {
              action,
              className: 'inline',
              fields: html`<input type="hidden" name="session" value="${id}"><button class="link">End</button>`,
            }),
          ]
        : []),
    ]),
    empty: html`<p>Not signed in anywhere.</p>`,
  })
  if (!mayEnd || sessions.length < 2) return table
  const all = {
    action,
    words: 'End all of them…',
    what: html`They sign in again wherever they are.`,
    confirm: 'End all sessions',
  }
  return html`${table}${confirmed(place, all)}`
}

function statusForm(place: FormPlace, { user }: UserListItem): Html {
  const action = `/admin/users/${user.id}/status`
  if (user.status === 'disabled') {
    return confirmed(place, {
      action,
      words: 'Let this user in again…',
      what: html`They can sign in again through every connection that lets them.`,
      fields: html`<input type="hidden" name="status" value="active">`,
      confirm: 'Enable',
    })
  }
  return confirmed(place, {
    action,
    words: 'Disable this user…',
    what: html`All their sessions end at once, in every organization, and they are refused until somebody enables them.`,
    fields: html`<input type="hidden" name="status" value="disabled">`,
    confirm: 'Disable',
  })
}

function more(services: Pick<Services, 'deployment'>, next: string | undefined, to: string): Html {
  return next === undefined ? html`` : html`<p>${linkTo(services, to, 'All of them')}</p>`
}
