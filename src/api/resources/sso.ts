import * as v from 'valibot'
import { type ApiCaller, organizationOf } from '../../access/decide-right.ts'
import { pageJson, pageRequest } from '../../connections/page-json.ts'
import { recordJson } from '../../connections/record-json.ts'
import { pageOf, pageQuery, reasonText, text, timeAnswer } from '../../connections/schema-parts.ts'
import { EntradaError } from '../../errors/errors.ts'
import {
  bypassSso,
  endSsoBypass,
  type LosingMember,
  liftSso,
  MOST_BYPASS_HOURS,
  previewSso,
  requireSso,
  type SsoPreview,
} from '../../organizations/enforcement.ts'
import { strictObject } from '../../protocol/strict-object.ts'
import type { Services } from '../../services.ts'
import { operation } from '../operation.ts'
import { organizationJson, organizationSchemas, ownerOfOrganization } from './organizations.ts'

const losingMemberSchema = strictObject({
  id: v.string(),
  userId: v.string(),
  username: v.string(),
  displayName: v.nullable(v.string()),
  lastSignInAt: v.nullable(timeAnswer),
  why: v.pipe(
    v.picklist(['other_directory', 'never_signed_in']),
    v.description(
      '`other_directory`: the user has no identity in a directory that the connection accepts. `never_signed_in`: the user has one, but has never signed in through the connection.',
    ),
  ),
})

const previewSchema = strictObject({
  organizationId: v.string(),
  connectionId: v.string(),
  missing: v.pipe(
    v.array(v.picklist(['connection_off', 'administrator_sign_in'])),
    v.description('The reasons why it cannot be switched on; empty if it can.'),
  ),
  administrator: v.pipe(
    v.nullable(strictObject({ membershipId: v.string(), username: v.string(), at: timeAnswer })),
    v.description('The administrator whose sign-in proved that this connection works.'),
  ),
  losing: v.pipe(v.number(), v.description('How many members would lose access.')),
  losers: pageOf(losingMemberSchema),
  sessionsThatEnd: v.number(),
})
export type SsoPreviewJson = v.InferOutput<typeof previewSchema>

const bypassSchema = strictObject({
  reason: v.pipe(reasonText(500), v.description('The reason; it is stored in the audit trail.')),
  hours: v.pipe(
    v.number(),
    v.integer(),
    v.minValue(1),
    v.maxValue(MOST_BYPASS_HOURS),
    v.description('Number of hours after which the bypass ends.'),
  ),
})

export const ssoSchemas = { SsoPreview: previewSchema, SsoBypass: bypassSchema }

const organization = organizationSchemas.Organization
const required = strictObject({ connectionId: text(64) })

export const ssoOperations = {
  previewSso: operation({
    method: 'GET',
    path: '/organizations/:id/sso',
    does: 'Previews requiring single sign-on through a connection: what is missing, and which users would lose access. Changes nothing.',
    access: { scope: 'memberships:read', of: ownerOfOrganization },
    query: { ...pageQuery, connection: v.pipe(text(64), v.description('Id of the connection.')) },
    answer: previewSchema,
    async run(services, { params, query: { connection, ...page } }) {
      const input = { organizationId: params.id, connectionId: connection }
      return previewJson(await previewSso(services, input, pageRequest(page)))
    },
  }),
  requireSso: operation({
    method: 'PUT',
    path: '/organizations/:id/sso',
    does: 'Requires single sign-on through a connection. Sessions that were started through other connections end at once.',
    access: { scope: 'sso:write', of: ownerOfOrganization },
    body: required,
    answer: organization,
    refusals: ['sso_not_proven'],
    async run(services, { by, caller, params, body }) {
      const input = { ...body, organizationId: params.id }
      await checkOperatorsStay(services, caller, input)
      return organizationJson(await requireSso(services, by, input))
    },
  }),
  liftSso: operation({
    method: 'DELETE',
    path: '/organizations/:id/sso',
    does: 'Stops requiring single sign-on: users may sign in through every connection of the organization again.',
    access: { scope: 'sso:write', of: ownerOfOrganization },
    answer: organization,
    run: async (services, { by, params }) =>
      organizationJson(await liftSso(services, by, params.id)),
  }),
  bypassSso: operation({
    method: 'POST',
    path: '/organizations/:id/sso/bypass',
    does: 'Starts a bypass: in an emergency, users may sign in through the other connections for some hours.',
    access: { scope: 'organizations:write', of: ownerOfOrganization },
    body: bypassSchema,
    answer: organization,
    refusals: ['sso_not_required'],
    run: async (services, { by, params, body }) =>
      organizationJson(await bypassSso(services, by, { ...body, organizationId: params.id })),
  }),
  endSsoBypass: operation({
    method: 'DELETE',
    path: '/organizations/:id/sso/bypass',
    does: 'Ends a bypass early.',
    access: { scope: 'organizations:write', of: ownerOfOrganization },
    answer: organization,
    run: async (services, { by, params }) =>
      organizationJson(await endSsoBypass(services, by, params.id)),
  }),
}

/**
 * Listed operators sign in through the default connection, so only they may close it.
 *
 * @throws {EntradaError} `access_not_granted`
 */
async function checkOperatorsStay(
  { storage, deployment }: Pick<Services, 'deployment' | 'storage'>,
  caller: ApiCaller,
  input: { readonly organizationId: string; readonly connectionId: string },
): Promise<void> {
  const { defaultConnectionId } = deployment
  if (organizationOf(caller) === undefined || defaultConnectionId === undefined) return
  if (input.connectionId === defaultConnectionId) return
  const ofOperators = await storage.findConnection(defaultConnectionId)
  if (ofOperators?.organizationId === input.organizationId) {
    throw new EntradaError('access_not_granted', { scope: 'operator' })
  }
}

function previewJson(preview: SsoPreview): SsoPreviewJson {
  const { administrator } = preview
  return {
    organizationId: preview.organization.id,
    connectionId: preview.connection.id,
    missing: [...preview.missing],
    administrator: administrator
      ? {
          membershipId: administrator.membership.id,
          username: administrator.membership.username,
          at: administrator.at.toISOString(),
        }
      : null,
    losing: preview.losing,
    losers: pageJson(preview.losers, losingMemberJson),
    sessionsThatEnd: preview.sessionsThatEnd,
  }
}

function losingMemberJson({ membership, why }: LosingMember) {
  const { displayName } = membership.profile
  return recordJson(losingMemberSchema, { ...membership, displayName, why })
}
