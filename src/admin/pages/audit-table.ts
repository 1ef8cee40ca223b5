import { html } from 'hono/html'
import type { Html } from '../../http/responses.ts'
import type { Services } from '../../services.ts'
import type { Actor, AuditEventRecord } from '../../storage/records.ts'
import type { Viewer } from './page-access.ts'
import { dataTable, linkTo, nameOf, timeTag } from './page-parts.ts'
import { displayNameOf, withinOrganization } from './user-words.ts'

const MOST_DETAIL = 600

/** Renders events, newest first, with the names of the people in them. */
export async function auditTable(
  services: Pick<Services, 'deployment' | 'storage'>,
  viewer: Pick<Viewer, 'organizationId'>,
  { events, empty }: { readonly events: readonly AuditEventRecord[]; readonly empty: Html },
): Promise<Html> {
  const names = await namesIn(services, viewer, events)
  return dataTable({
    label: 'Audit events',
    head: ['When (UTC)', 'What', 'Who', 'About', 'From', 'Detail'],
    rows: events.map(({ at, type, actor, userId, connectionId, organizationId, ip, detail }) => [
      timeTag(at),
      html`<code>${type}</code>`,
      actorOf(services, actor, names),
      userId
        ? linkTo(services, `/admin/users/${userId}`, names.get(userId) ?? userId)
        : connectionId
          ? linkTo(
              services,
              `/admin/connections/${connectionId}`,
              names.get(connectionId) ?? connectionId,
            )
          : organizationId
            ? linkTo(
                services,
                `/admin/organizations/${organizationId}`,
                names.get(organizationId) ?? organizationId,
              )
            : html``,
      html`<span class="nowrap">${ip ?? ''}</span>`,
      detailOf(detail),
    ]),
    empty,
  })
}

function actorOf(
  services: Pick<Services, 'deployment'>,
  actor: Actor,
  names: ReadonlyMap<string, string>,
): Html {
  if (actor.kind === 'user') {
    return linkTo(services, `/admin/users/${actor.id}`, names.get(actor.id) ?? actor.id)
  }
  if (actor.kind !== 'operator') {
    return html`${actor.kind.replaceAll('_', ' ')}${'id' in actor ? html` <code>${nameOf(actor.id)}</code>` : ''}`
  }
  if (actor.id === 'operator_token') return html`operator (token)`
  return html`operator ${nameOf(names.get(actor.id) ?? actor.id)}`
}

function detailOf(detail: AuditEventRecord['detail']): Html {
  const members = Object.entries(detail)
  if (members.length === 0) return html``
  const text = members
    .map(([name, value]) => `${name}: ${typeof value === 'string' ? value : JSON.stringify(value)}`)
    .join(' · ')
  return html`<span class="detail">${nameOf(text.slice(0, MOST_DETAIL))}</span>`
}

/** Looks up each person, connection and organization once. */
async function namesIn(
  { storage }: Pick<Services, 'storage'>,
  { organizationId }: Pick<Viewer, 'organizationId'>,
  events: readonly AuditEventRecord[],
): Promise<ReadonlyMap<string, string>> {
  const userIds = new Set(events.flatMap(({ userId }) => userId ?? []))
  for (const { actor } of events) if (actor.kind === 'user') userIds.add(actor.id)
  const connectionIds = new Set(events.flatMap(({ connectionId }) => connectionId ?? []))
  const organizationIds = new Set(events.flatMap((event) => event.organizationId ?? []))
  const [users, connections, organizations] = await Promise.all([
    Promise.all([...userIds].map((id) => storage.findUser(id))),
    Promise.all([...connectionIds].map((id) => storage.findConnection(id))),
    Promise.all([...organizationIds].map((id) => storage.findOrganization(id))),
  ])
  const named = [...connections, ...organizations].flatMap((record) => record ?? [])
  return new Map([
    ...named.map(({ id, name }) => [id, name] as const),
    ...users.flatMap((item) =>
      item
        ? [[item.user.id, displayNameOf(withinOrganization(item, organizationId))] as const]
        : [],
    ),
  ])
}
