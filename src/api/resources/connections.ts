import * as v from 'valibot'
import { organizationOf } from '../../access/decide-right.ts'
import {
  changeConnection,
  createConnection,
  turnOff,
  turnOn,
} from '../../connections/change-connection.ts'
import { checkFieldRights } from '../../connections/check-field-rights.ts'
import { connectionJson, toConnectionMembers } from '../../connections/connection-json.ts'
import {
  connectionChangeSchema,
  connectionSchema,
  newConnectionSchema,
} from '../../connections/connection-schema.ts'
import { pageJson, pageRequest, withoutUndefined } from '../../connections/page-json.ts'
import { patchedConnection } from '../../connections/patched-connection.ts'
import {
  organizationQuery,
  pageOf,
  pageQuery,
  searchQuery,
  time,
} from '../../connections/schema-parts.ts'
import { EntradaError } from '../../errors/errors.ts'
import { found } from '../../errors/found.ts'
import { DEFAULT_KIND, providerKinds } from '../../identity-provider/provider-kinds.ts'
import type { Connection } from '../../storage/records.ts'
import { type OwnerLookUp, operation } from '../operation.ts'

export const connectionSchemas = {
  Connection: connectionSchema,
  NewConnection: newConnectionSchema,
  ConnectionChange: connectionChangeSchema,
}

/** Returns the organization that owns the connection in the path. */
export const ownerOfConnection: OwnerLookUp = async ({ storage }, { params }) =>
  (await storage.findConnection(params.id ?? ''))?.organizationId

export const connectionOperations = {
  listConnections: operation({
    method: 'GET',
    path: '/connections',
    does: 'Lists connections, newest first.',
    access: { scope: 'connections:read', of: 'own' },
    query: {
      ...pageQuery,
      ...organizationQuery,
      ...searchQuery('a name, slug, client id or tenant; or a whole id'),
      status: v.optional(v.picklist(['draft', 'on', 'off'])),
      credentials_end_before: v.optional(
        v.pipe(
          time,
          v.description('Only connections whose last active credential expires before this time.'),
        ),
      ),
      failing: v.optional(
        v.pipe(
          v.literal('true'),
          v.description('Only connections whose sign-ins have failed since the last success.'),
          v.transform(() => true as const),
        ),
      ),
    },
    answer: pageOf(connectionSchema),
    async run(services, { query, within }) {
      const filter = withoutUndefined({
        organizationId: within,
        status: query.status,
        search: query.search,
        failing: query.failing,
        credentialsEndBefore: query.credentials_end_before,
      })
      const connections = await services.storage.listConnections(filter, pageRequest(query))
      return pageJson(connections, (connection) => connectionJson(services, connection))
    },
  }),
  createConnection: operation({
    method: 'POST',
    path: '/connections',
    does: 'Creates a connection as a draft. You can keep an `id` and `slug` of another system; they can never be changed.',
    access: {
      scope: 'connections:write',
      of: async ({ storage }, { body }) => {
        const { organizationId } = body as { readonly organizationId: Connection['organizationId'] } // checked by the schema
        const named =
          (await storage.findOrganization(organizationId)) ??
          (await storage.findOrganizationBySlug(organizationId))
        return named?.id
      },
    },
    body: newConnectionSchema,
    answer: connectionSchema,
    creates: true,
    versioned: true,
    refusals: ['record_not_found', 'slug_in_use', 'record_in_use', 'connection_id_given_before'],
    async run(services, { by, body, caller }) {
      const { organizationId, id, slug, name, provider, ...sent } = body
      const kind = provider ?? DEFAULT_KIND
      const { authority, ...members } = toConnectionMembers(services, sent, providerKinds[kind])
      const own = withoutUndefined({ id, slug, name: name ?? undefined })
      const connection = { organizationId, kind, ...own, ...members, authority: new URL(authority) }
      const isOperator = organizationOf(caller) === undefined
      const after = { ...members, authority, name: name ?? '' }
      checkFieldRights(services.deployment, { isOperator, after })
      return connectionJson(services, await createConnection(services, by, connection))
    },
  }),
  getConnection: operation({
    method: 'GET',
    path: '/connections/:id',
    does: 'Returns one connection.',
    access: { scope: 'connections:read', of: ownerOfConnection },
    answer: connectionSchema,
    versioned: true,
    run: async (services, { params }) =>
      connectionJson(services, found(await services.storage.findConnection(params.id))),
  }),
  changeConnection: operation({
    method: 'PATCH',
    path: '/connections/:id',
    does: 'Changes the members of the request (RFC 7396: `null` restores the default, a list replaces the whole list).',
    access: { scope: 'connections:write', of: ownerOfConnection },
    body: connectionChangeSchema,
    answer: connectionSchema,
    versioned: true,
    refusals: [
      'connection_read_only',
      'connection_is_on',
      'connection_has_people',
      'sso_connection_needed',
      'shared_tenant_in_use',
    ],
    async run(services, { by, params, body, caller, checkUnchanged }) {
      const change = (before: Connection): Connection => {
        checkUnchanged(connectionJson(services, before))
        const isOperator = organizationOf(caller) === undefined
        return patchedConnection(services, before, { patch: body, isOperator })
      }
      const changed = await changeConnection(services, by, { id: params.id, change })
      return connectionJson(services, changed)
    },
  }),
  turnConnectionOn: operation({
    method: 'POST',
    path: '/connections/:id/turn-on',
    does: 'Turns a connection on, so that users can sign in through it. A test sign-in has to succeed first.',
    access: { scope: 'connections:write', of: ownerOfConnection },
    answer: connectionSchema,
    refusals: ['connection_read_only', 'connection_not_tested', 'shared_tenant_in_use'],
    run: async (services, { by, params }) =>
      connectionJson(services, await turnOn(services, by, params.id)),
  }),
  turnConnectionOff: operation({
    method: 'POST',
    path: '/connections/:id/turn-off',
    does: 'Turns a connection off, so that no user can sign in through it. Users who are signed in stay signed in.',
    access: { scope: 'connections:write', of: ownerOfConnection },
    answer: connectionSchema,
    refusals: ['connection_read_only', 'own_access_kept'],
    async run(services, { by, params, caller }) {
      // A caller who signed in through the connection could not sign in again to turn it on.
      const isOwn = caller.kind === 'member' && caller.view.session.connectionId === params.id
      if (isOwn) throw new EntradaError('own_access_kept')
      return connectionJson(services, await turnOff(services, by, params.id))
    },
  }),
}
