/**
 * The export of everything that is stored about a person or a customer, in pages of one list, and its removal. The kinds follow
 * each other in the order of the sections, and a section shows the same as its own operation.
 */
import * as v from 'valibot'
import { auditEventJson } from '../../audit/audit-event-json.ts'
import { connectionJson } from '../../connections/connection-json.ts'
import { pageRequest } from '../../connections/page-json.ts'
import { cursorText, givenText, pageOf, pageQuery } from '../../connections/schema-parts.ts'
import { EntradaError } from '../../errors/errors.ts'
import { found } from '../../errors/found.ts'
import { removeConnection, removeOrganization, removeUser } from '../../organizations/removal.ts'
import { allowUsernameAgain } from '../../organizations/usernames.ts'
import { PAGE_CURSOR } from '../../protocol/page-cursor.ts'
import { strictObject } from '../../protocol/strict-object.ts'
import type { Services } from '../../services.ts'
import { allOf } from '../../storage/all-of.ts'
import type { OrganizationId, UserId } from '../../storage/records.ts'
import type { Page, PageRequest, UserListItem } from '../../storage/storage.ts'
import { operation } from '../operation.ts'
import { ownerOfConnection } from './connections.ts'
import { domainJson } from './domains.ts'
import { organizationJson, ownerOfOrganization } from './organizations.ts'
import { sessionRecordJson } from './sessions.ts'
import { signInTraceJson } from './sign-in-traces.ts'
import { userJson } from './users.ts'

/** The kinds of an export, in this order. */
const kindsOfUser = ['user', 'session', 'audit_event', 'sign_in_trace'] as const
const kindsOfOrganization = [
  'organization',
  'connection',
  'domain',
  'user',
  'session',
  'audit_event',
  'sign_in_trace',
] as const

const exportedSchema = strictObject({
  kind: v.picklist(kindsOfOrganization),
  record: v.pipe(
    v.record(v.string(), v.unknown()),
    v.description('In the format of the operation that returns this kind of record.'),
  ),
})
type Exported = v.InferOutput<typeof exportedSchema>
type Kind = Exported['kind']
type List = (page: PageRequest) => Promise<Page<object>>
/** The list of each kind, in the order of the export. */
type Sections<K extends Kind = Kind> = { readonly [Name in K]: List }

/** A cursor is `KIND`, or `KIND.CURSOR` within the list of that kind. */
function cursorOf(kinds: readonly Kind[]): RegExp {
  const within = PAGE_CURSOR.source.slice(1, -1)
  return new RegExp(`^(${kinds.join('|')})(?:\\.(${within}))?$`)
}

const userQuery = { ...pageQuery, cursor: v.optional(cursorText(cursorOf(kindsOfUser))) }
const organizationQuery = {
  ...pageQuery,
  cursor: v.optional(cursorText(cursorOf(kindsOfOrganization))),
}

export const dataExportOperations = {
  exportUser: operation({
    method: 'GET',
    path: '/users/:id/export',
    does: 'Returns all data that is stored about a user, page by page.',
    access: { scope: 'users:read', of: 'deployment' },
    query: userQuery,
    answer: pageOf(exportedSchema),
    async run(services, { params, query }) {
      const user = found(await services.storage.findUser(params.id as UserId)) // any text: an unknown one finds nothing
      return exportPage(kindsOfUser, sectionsOfUser(services, user), pageRequest(query))
    },
  }),
  removeUser: operation({
    method: 'DELETE',
    path: '/users/:id',
    does: 'Removes a user permanently, with identities, memberships, roles and sessions. A later sign-in of the same person creates a new user; disable the user to prevent that. Usernames stay reserved in their organizations.',
    access: { scope: 'users:write', of: 'deployment' },
    run: (services, { by, params }) => removeUser(services, by, params.id),
  }),
  releaseUsername: operation({
    method: 'DELETE',
    path: '/organizations/:id/retired-usernames/:username',
    does: 'Releases the username of a removed user, so that another user can get it. Applications may still store data under it. `:id`: id or slug.',
    access: { scope: 'users:write', of: 'deployment' },
    run: (services, { by, params: { id, username } }) =>
      allowUsernameAgain(services, by, { organization: id, username }),
  }),
  exportOrganization: operation({
    method: 'GET',
    path: '/organizations/:id/export',
    does: 'Returns all data that is stored about an organization, except its secrets, page by page.',
    access: { scope: 'organizations:export', of: ownerOfOrganization },
    query: organizationQuery,
    answer: pageOf(exportedSchema),
    async run(services, { params, query }) {
      const id = params.id as OrganizationId // found by its owner look-up
      return exportPage(
        kindsOfOrganization,
        sectionsOfOrganization(services, id),
        pageRequest(query),
      )
    },
  }),
  removeOrganization: operation({
    method: 'DELETE',
    path: '/organizations/:id',
    does: 'Removes an organization permanently, with its connections, members and all its other data. `slug` must be the slug of the organization.',
    access: { scope: 'organizations:write', of: ownerOfOrganization },
    query: { slug: givenText },
    refusals: ['connection_read_only'],
    run: (services, { by, params: { id }, query: { slug } }) =>
      removeOrganization(services, by, { id, slug }),
  }),
  removeConnection: operation({
    method: 'DELETE',
    path: '/connections/:id',
    does: 'Removes a connection that is a draft or turned off. Its users stay members of their organization.',
    access: { scope: 'connections:write', of: ownerOfConnection },
    refusals: ['connection_is_on', 'connection_read_only'],
    run: (services, { by, params }) => removeConnection(services, by, { id: params.id }),
  }),
}

export const dataExportSchemas = { ExportedRecord: exportedSchema }

function sectionsOfUser(
  services: Pick<Services, 'now' | 'storage'>,
  user: UserListItem,
): Sections<(typeof kindsOfUser)[number]> {
  const { storage, now } = services
  const userId = user.user.id
  return {
    user: listOfOne(userJson(user)),
    session: async (page) =>
      mapped(await storage.listSessions({ userId }, page, now()), sessionRecordJson),
    audit_event: async (page) =>
      mapped(await storage.listAuditEvents({ userId }, page), auditEventJson),
    sign_in_trace: async (page) =>
      mapped(await storage.listSignInTraces({ userId }, page), signInTraceJson),
  }
}

function sectionsOfOrganization(services: Services, organizationId: OrganizationId): Sections {
  const { storage, now } = services
  const within = { organizationId }
  return {
    async organization() {
      const organization = await storage.findOrganization(organizationId)
      return { items: organization ? [organizationJson(organization)] : [] }
    },
    connection: async (page) =>
      mapped(await storage.listConnections(within, page), (connection) =>
        connectionJson(services, connection),
      ),
    domain: async (page) => mapped(await storage.listDomains(within, page), domainJson),
    async user(page) {
      const connectionIds = await connectionIdsOf(services, organizationId)
      return mapped(await storage.listUsers({ ...page, ...within }), (user) =>
        userJson(onlyWithin(user, { organizationId, connectionIds })),
      )
    },
    session: async (page) =>
      mapped(await storage.listSessions(within, page, now()), sessionRecordJson),
    audit_event: async (page) =>
      mapped(await storage.listAuditEvents(within, page), auditEventJson),
    sign_in_trace: async (page) =>
      mapped(await storage.listSignInTraces(within, page), signInTraceJson),
  }
}

async function connectionIdsOf(
  { storage }: Pick<Services, 'storage'>,
  organizationId: OrganizationId,
): Promise<ReadonlySet<string>> {
  const ids = new Set<string>()
  const connections = allOf((page) => storage.listConnections({ organizationId }, page))
  for await (const { id } of connections) ids.add(id)
  return ids
}

/** An organization sees only what belongs to it: no memberships elsewhere, no roles and no sign-ins there (design rule 19). */
function onlyWithin(
  user: UserListItem,
  {
    organizationId,
    connectionIds,
  }: { readonly organizationId: OrganizationId; readonly connectionIds: ReadonlySet<string> },
): UserListItem {
  const memberships = user.memberships.filter(
    (membership) => membership.organizationId === organizationId,
  )
  const ownMemberships = new Set(memberships.map(({ id }) => id))
  return {
    ...user,
    memberships,
    identities: user.identities.filter(({ connectionId }) => connectionIds.has(connectionId ?? '')),
    roles: user.roles.filter(({ membershipId }) => ownMemberships.has(membershipId)),
  }
}

/** Returns one page of one section; the cursor is the next section, and the place in it. */
async function exportPage<K extends Kind>(
  kinds: readonly K[],
  sections: Sections<K>,
  { limit, after: cursor }: PageRequest,
): Promise<{ items: Exported[]; next: string | null }> {
  const [, named, after] = cursor === undefined ? [] : (cursorOf(kinds).exec(cursor) ?? [])
  const index = cursor === undefined ? 0 : kinds.indexOf(named as K) // any text: of an unknown one there is no place
  const kind = kinds[index]
  if (kind === undefined) throw new EntradaError('request_invalid', { parameter: 'cursor' })
  const { items, next } = await sections[kind](after === undefined ? { limit } : { limit, after })
  return {
    items: items.map((record) => ({ kind, record: { ...record } })),
    next: next === undefined ? (kinds[index + 1] ?? null) : `${kind}.${next}`,
  }
}

function mapped<T>({ items, next }: Page<T>, toJson: (item: T) => object): Page<object> {
  return { items: items.map(toJson), ...(next === undefined ? {} : { next }) }
}

function listOfOne(record: object): List {
  return async () => ({ items: [record] })
}
