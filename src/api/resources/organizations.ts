import * as v from 'valibot'
import {
  pageJson,
  pageRequest,
  withoutNull,
  withoutUndefined,
} from '../../connections/page-json.ts'
import { recordJson } from '../../connections/record-json.ts'
import {
  displayName,
  givenId,
  pageOf,
  pageQuery,
  searchQuery,
  timeAnswer,
} from '../../connections/schema-parts.ts'
import {
  changeOrganization,
  createOrganization,
  getOrganization,
} from '../../organizations/organizations.ts'
import { checkInput } from '../../protocol/check-input.ts'
import { mergePatch } from '../../protocol/merge-patch.ts'
import { strictObject } from '../../protocol/strict-object.ts'
import type { Services } from '../../services.ts'
import type { Organization, OrganizationId } from '../../storage/records.ts'
import { operation } from '../operation.ts'

export const organizationSettings = strictObject({
  emailDiscovery: v.pipe(
    v.nullish(v.boolean()),
    v.description('Whether a work email at `/login` finds this organization; default `true`.'),
  ),
})

const organizationSchema = strictObject({
  id: v.string(),
  name: v.string(),
  slug: v.string(),
  settings: strictObject({ emailDiscovery: v.boolean() }),
  ssoRequired: v.pipe(
    v.nullable(
      strictObject({
        connectionId: v.string(),
        since: timeAnswer,
        bypass: v.nullable(
          strictObject({ reason: v.string(), since: timeAnswer, until: timeAnswer }),
        ),
      }),
    ),
    v.description('The connection that users have to sign in through; `null`: any of them.'),
  ),
  createdAt: timeAnswer,
  updatedAt: timeAnswer,
})
export type OrganizationJson = v.InferOutput<typeof organizationSchema>

const newOrganizationSchema = strictObject({
  name: displayName,
  id: givenId,
  slug: givenId,
  settings: v.nullish(organizationSettings),
})
const changeableSchema = strictObject({
  name: v.optional(displayName),
  settings: v.nullish(organizationSettings),
})

export const organizationSchemas = {
  Organization: organizationSchema,
  NewOrganization: newOrganizationSchema,
  OrganizationChange: changeableSchema,
}

export const organizationOperations = {
  listOrganizations: operation({
    method: 'GET',
    path: '/organizations',
    does: 'Lists organizations, newest first.',
    access: { scope: 'organizations:read', of: 'own' },
    query: { ...pageQuery, ...searchQuery('a name or slug') },
    answer: pageOf(organizationSchema),
    async run(services, { query: { search, ...page }, within }) {
      if (within !== undefined) return ownOnly(services, within)
      const filter = { ...pageRequest(page), ...withoutUndefined({ search }) }
      return pageJson(await services.storage.listOrganizations(filter), organizationJson)
    },
  }),
  createOrganization: operation({
    method: 'POST',
    path: '/organizations',
    does: 'Creates an organization. You can keep an `id` and `slug` of another system; they can never be changed.',
    access: { scope: 'organizations:write', of: 'deployment' },
    body: newOrganizationSchema,
    answer: organizationSchema,
    creates: true,
    versioned: true,
    refusals: ['slug_in_use', 'record_in_use'],
    async run(services, { by, body: { settings, ...own } }) {
      const input = { ...withoutNull(own), settings: toSettings(settings) }
      return organizationJson(await createOrganization(services, by, input))
    },
  }),
  getOrganization: operation({
    method: 'GET',
    path: '/organizations/:id',
    does: 'Returns one organization.',
    access: { scope: 'organizations:read', of: ownerOfOrganization },
    answer: organizationSchema,
    versioned: true,
    run: async (services, { params }) =>
      organizationJson(await getOrganization(services.storage, params.id)),
  }),
  changeOrganization: operation({
    method: 'PATCH',
    path: '/organizations/:id',
    does: 'Changes the members of the request (RFC 7396: `null` restores the default).',
    access: { scope: 'organizations:write', of: ownerOfOrganization },
    body: changeableSchema,
    answer: organizationSchema,
    versioned: true,
    async run(services, { by, params, body, checkUnchanged }) {
      const change = (before: Organization): Organization => {
        const json = organizationJson(before)
        checkUnchanged(json)
        const { name, settings } = json
        const after = checkInput(changeableSchema, mergePatch({ name, settings }, body))
        return { ...before, name: after.name ?? before.name, settings: toSettings(after.settings) }
      }
      return organizationJson(await changeOrganization(services, by, { id: params.id, change }))
    },
  }),
}

/** Returns the organization in the path, which owns itself. */
export async function ownerOfOrganization(
  { storage }: Pick<Services, 'storage'>,
  { params }: { readonly params: Readonly<Record<string, string>> },
): Promise<string | undefined> {
  return (await storage.findOrganization(params.id as OrganizationId))?.id // any text: an unknown one finds nothing
}

async function ownOnly(services: Pick<Services, 'storage'>, id: OrganizationId) {
  return { items: [organizationJson(await getOrganization(services.storage, id))], next: null }
}

/** Converts an organization to the JSON of the API. */
export function organizationJson({ settings, ...organization }: Organization): OrganizationJson {
  return recordJson(organizationSchema, {
    ...organization,
    settings: { emailDiscovery: settings.emailDiscovery ?? true },
    ssoRequired: ssoRequiredJson(settings.ssoRequired),
  })
}

function ssoRequiredJson(required: Organization['settings']['ssoRequired']) {
  if (required === undefined) return null
  const { connectionId, since, bypass } = required
  return { connectionId, since, bypass: bypass ?? null }
}

/** Only settings that differ from the default are stored. */
function toSettings(
  settings: v.InferOutput<typeof organizationSettings> | null | undefined,
): Organization['settings'] {
  return settings?.emailDiscovery === false ? { emailDiscovery: false } : {}
}
