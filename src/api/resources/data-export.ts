/**
 * Everything that is kept of a person or a customer, in pages of one list, and how it goes for good. Kinds follow each other in the order
 * of the sections; what a section shows is what its own operation shows.
 */
import * as v from 'valibot'
import { EntradaError } from '../../errors.ts'
import { removeConnection, removeOrganization, removeUser } from '../../organizations/removal.ts'
import { releaseUsername } from '../../organizations/usernames.ts'
import { readStrictJson } from '../../protocol/strict-json.ts'
import type { Services } from '../../services.ts'
import type { OrganizationId, UserId } from '../../storage/records.ts'
import type { Page, PageRequest, UserListItem } from '../../storage/storage.ts'
import { strictObject } from '../../strict-object.ts'
import { connectionJson } from '../connection-json.ts'
import { operation } from '../operation.ts'
import { pageRequest } from '../page-json.ts'
import { pageOf, pageQuery, text } from '../schema-parts.ts'
import { auditEventJson } from './audit-events.ts'
import { ownerOfConnection } from './connections.ts'
import { domainJson } from './domains.ts'
import { organizationJson, ownerOfOrganization } from './organizations.ts'
import { sessionRecordJson } from './sessions.ts'
import { signInTraceJson } from './sign-in-traces.ts'
import { userJson } from './users.ts'

const exportedSchema = strictObject({
  kind: v.picklist([
    'organization',
    'connection',
    'domain',
    'user',
    'session',
    'audit_event',
    'sign_in_trace',
  ]),
  record: v.pipe(
    v.record(v.string(), v.unknown()),
    v.description('As its own operation shows it.'),
  ),
})
type Exported = v.InferOutput<typeof exportedSchema>
type Section = {
  readonly kind: Exported['kind']
  readonly list: (page: PageRequest) => Promise<Page<object>>
}

export const dataExportOperations = {
  exportUser: operation({
    method: 'GET',
    path: '/users/:id/export',
    does: 'Everything that is kept of a user, page by page.',
    access: { scope: 'users:read', of: 'deployment' },
    query: pageQuery,
    answer: pageOf(exportedSchema),
    async run(services, { params, query }) {
      const user = await services.storage.findUser(params.id as UserId) // any text: an unknown one finds nothing
      if (user === undefined) throw new EntradaError('record_not_found')
      return exportPage(sectionsOfUser(services, user), pageRequest(query))
    },
  }),
  removeUser: operation({
    method: 'DELETE',
    path: '/users/:id',
    does: 'Removes a user for good, with identities, memberships, roles and sessions. A later sign-in creates another user; to keep a person out, disable them. Usernames stay taken in their organizations.',
    access: { scope: 'users:write', of: 'deployment' },
    run: (services, { by, params }) => removeUser(services, by, params.id),
  }),
  releaseUsername: operation({
    method: 'DELETE',
    path: '/organizations/:id/retired-usernames/:username',
    does: 'Lets a username be given again that belonged to a removed user. Applications may still hold data under it. `:id`: id or slug.',
    access: { scope: 'users:write', of: 'deployment' },
    run: (services, { by, params: { id, username } }) =>
      releaseUsername(services, by, { organization: id, username }),
  }),
  exportOrganization: operation({
    method: 'GET',
    path: '/organizations/:id/export',
    does: 'Everything that is kept of an organization but its secrets, page by page.',
    access: { scope: 'organizations:export', of: ownerOfOrganization },
    query: pageQuery,
    answer: pageOf(exportedSchema),
    async run(services, { params, query }) {
      const id = params.id as OrganizationId // found by its owner look-up
      return exportPage(sectionsOfOrganization(services, id), pageRequest(query))
    },
  }),
  removeOrganization: operation({
    method: 'DELETE',
    path: '/organizations/:id',
    does: 'Removes an organization for good, with its connections, members and everything else of it. `slug` has to be its own.',
    access: { scope: 'organizations:write', of: ownerOfOrganization },
    query: { slug: text(64) },
    refusals: ['connection_read_only'],
    run: (services, { by, params: { id }, query: { slug } }) =>
      removeOrganization(services, by, { id, slug }),
  }),
  removeConnection: operation({
    method: 'DELETE',
    path: '/connections/:id',
    does: 'Removes a connection that is a draft or turned off. People stay members of their organization.',
    access: { scope: 'connections:write', of: ownerOfConnection },
    refusals: ['connection_is_on', 'connection_read_only'],
    run: (services, { by, params }) => removeConnection(services, by, { id: params.id }),
  }),
}

export const dataExportSchemas = { ExportedRecord: exportedSchema }

function sectionsOfUser(services: Services, user: UserListItem): readonly Section[] {
  const { storage, now } = services
  const userId = user.user.id
  return [
    { kind: 'user', list: one(userJson(user)) },
    {
      kind: 'session',
      list: async (page) =>
        mapped(await storage.listSessions({ userId }, page, now()), sessionRecordJson),
    },
    {
      kind: 'audit_event',
      list: async (page) => mapped(await storage.listAuditEvents({ userId }, page), auditEventJson),
    },
    {
      kind: 'sign_in_trace',
      list: async (page) =>
        mapped(await storage.listSignInTraces({ userId }, page), signInTraceJson),
    },
  ]
}

function sectionsOfOrganization(
  services: Services,
  organizationId: OrganizationId,
): readonly Section[] {
  const { storage, now } = services
  const within = { organizationId }
  return [
    {
      kind: 'organization',
      async list() {
        const organization = await storage.findOrganization(organizationId)
        return { items: organization ? [organizationJson(organization)] : [] }
      },
    },
    {
      kind: 'connection',
      list: async (page) =>
        mapped(await storage.listConnections(within, page), (one) => connectionJson(services, one)),
    },
    {
      kind: 'domain',
      list: async (page) => mapped(await storage.listDomains(within, page), domainJson),
    },
    {
      kind: 'user',
      async list(page) {
        const connectionIds = await connectionIdsOf(services, organizationId)
        return mapped(await storage.listUsers({ ...page, ...within }), (user) =>
          userJson(onlyWithin(user, { organizationId, connectionIds })),
        )
      },
    },
    {
      kind: 'session',
      list: async (page) =>
        mapped(await storage.listSessions(within, page, now()), sessionRecordJson),
    },
    {
      kind: 'audit_event',
      list: async (page) => mapped(await storage.listAuditEvents(within, page), auditEventJson),
    },
    {
      kind: 'sign_in_trace',
      list: async (page) => mapped(await storage.listSignInTraces(within, page), signInTraceJson),
    },
  ]
}

async function connectionIdsOf(
  { storage }: Services,
  organizationId: OrganizationId,
): Promise<ReadonlySet<string>> {
  const ids = new Set<string>()
  let after: string | undefined
  do {
    const page = { limit: 200, ...(after === undefined ? {} : { after }) }
    const { items, next } = await storage.listConnections({ organizationId }, page)
    for (const { id } of items) ids.add(id)
    after = next
  } while (after !== undefined)
  return ids
}

/** What one organization sees, no other does: neither memberships elsewhere, nor their roles, nor sign-ins there (design rule 19). */
function onlyWithin(
  user: UserListItem,
  {
    organizationId,
    connectionIds,
  }: { readonly organizationId: OrganizationId; readonly connectionIds: ReadonlySet<string> },
): UserListItem {
  const memberships = user.memberships.filter((one) => one.organizationId === organizationId)
  const own = new Set(memberships.map(({ id }) => id))
  return {
    ...user,
    memberships,
    identities: user.identities.filter(({ connectionId }) => connectionIds.has(connectionId ?? '')),
    roles: user.roles.filter(({ membershipId }) => own.has(membershipId)),
  }
}

/** One page of one section; the cursor says which section comes next, and where in it. */
async function exportPage(
  sections: readonly Section[],
  { limit, after }: PageRequest,
): Promise<{ items: Exported[]; next: string | null }> {
  const place = parsePlace(after)
  const section = sections[place.section]
  if (section === undefined) throw new EntradaError('request_invalid', { parameter: 'cursor' })
  const within = place.after === undefined ? { limit } : { limit, after: place.after }
  const { items, next } = await section.list(within)
  const following =
    next === undefined ? { section: place.section + 1 } : { section: place.section, after: next }
  const isEnd = following.section >= sections.length
  return {
    items: items.map((record) => ({ kind: section.kind, record: { ...record } })),
    next: isEnd ? null : Buffer.from(JSON.stringify(following)).toString('base64url'),
  }
}

const placeSchema = strictObject({
  section: v.pipe(v.number(), v.integer(), v.minValue(0)),
  after: v.optional(text(512)),
})

/** @throws {EntradaError} `request_invalid` */
function parsePlace(cursor: string | undefined): v.InferOutput<typeof placeSchema> {
  if (cursor === undefined) return { section: 0 }
  const read = readStrictJson(Buffer.from(cursor, 'base64url').toString())
  const place = v.safeParse(placeSchema, read.kind === 'read' ? read.value : undefined)
  if (!place.success) throw new EntradaError('request_invalid', { parameter: 'cursor' })
  return place.output
}

function mapped<T>({ items, next }: Page<T>, toJson: (item: T) => object): Page<object> {
  return { items: items.map(toJson), ...(next === undefined ? {} : { next }) }
}

function one(record: object): Section['list'] {
  return async () => ({ items: [record] })
}
