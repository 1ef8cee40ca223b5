import * as v from 'valibot'
import { pageJson, pageRequest, withoutUndefined } from '../../connections/page-json.ts'
import { recordJson } from '../../connections/record-json.ts'
import {
  domainName,
  organizationQuery,
  pageOf,
  pageQuery,
  text,
  timeAnswer,
} from '../../connections/schema-parts.ts'
import { found } from '../../errors/found.ts'
import {
  addDomain,
  challengeRecord,
  findOrganizationNamed,
  removeDomain,
  routeDomain,
  verifyDomain,
  vouchForDomain,
} from '../../organizations/domains.ts'
import { strictObject } from '../../protocol/strict-object.ts'
import type { Domain, DomainId } from '../../storage/records.ts'
import { type OwnerLookUp, operation } from '../operation.ts'

const status = v.picklist(['pending', 'proven', 'lost'])
const connectionId = v.pipe(
  v.nullish(text(64)),
  v.description(
    'The connection for users of this domain; `null`: any connection of the organization.',
  ),
)

const domainSchema = strictObject({
  id: v.string(),
  organizationId: v.string(),
  name: v.string(),
  connectionId: v.nullable(v.string()),
  status: v.pipe(
    status,
    v.description(
      '`lost`: the TXT record is gone; the domain no longer links users by email address, but its users can still sign in.',
    ),
  ),
  proof: v.nullable(v.picklist(['dns', 'operator'])),
  record: v.pipe(
    strictObject({ type: v.literal('TXT'), name: v.string(), value: v.string() }),
    v.description('The TXT record that proves the domain.'),
  ),
  provenAt: v.nullable(timeAnswer),
  checkedAt: v.pipe(v.nullable(timeAnswer), v.description('When DNS last answered.')),
  nextCheckAt: v.nullable(timeAnswer),
  createdAt: timeAnswer,
})
export type DomainJson = v.InferOutput<typeof domainSchema>

const newDomainSchema = strictObject({
  organizationId: v.pipe(text(64), v.description('Id of an organization, or its slug.')),
  name: v.pipe(
    domainName,
    v.description('Such as `contoso.com`. Subdomains are separate domains.'),
  ),
  connectionId,
})
const domainChangeSchema = strictObject({ connectionId })

export const domainSchemas = {
  Domain: domainSchema,
  NewDomain: newDomainSchema,
  DomainChange: domainChangeSchema,
}

const ownerOfDomain: OwnerLookUp = async ({ storage }, { params }) =>
  (await storage.findDomain(params.id as DomainId))?.organizationId // any text: an unknown one finds nothing

export const domainOperations = {
  listDomains: operation({
    method: 'GET',
    path: '/domains',
    does: 'Lists domains of organizations, newest first.',
    access: { scope: 'domains:read', of: 'own' },
    query: {
      ...pageQuery,
      ...organizationQuery,
      name: v.optional(domainName),
      status: v.optional(status),
    },
    answer: pageOf(domainSchema),
    async run(services, { query, within }) {
      const { name, status } = query
      const filter = withoutUndefined({ organizationId: within, name, status })
      return pageJson(await services.storage.listDomains(filter, pageRequest(query)), domainJson)
    },
  }),
  addDomain: operation({
    method: 'POST',
    path: '/domains',
    does: 'Adds a domain to an organization. It has no effect until its TXT record is found in DNS.',
    access: {
      scope: 'domains:write',
      of: async ({ storage }, { body }) => {
        const { organizationId } = body as { readonly organizationId: string } // checked by the schema
        return (await findOrganizationNamed(storage, organizationId))?.id
      },
    },
    body: newDomainSchema,
    answer: domainSchema,
    creates: true,
    versioned: true,
    refusals: ['record_not_found', 'domain_is_public', 'domain_named_already'],
    async run(services, { by, body: { organizationId: organization, name, connectionId } }) {
      const input = { organization, name, ...(connectionId ? { connectionId } : {}) }
      return domainJson(await addDomain(services, by, input))
    },
  }),
  getDomain: operation({
    method: 'GET',
    path: '/domains/:id',
    does: 'Returns one domain.',
    access: { scope: 'domains:read', of: ownerOfDomain },
    answer: domainSchema,
    versioned: true,
    run: async ({ storage }, { params }) =>
      domainJson(found(await storage.findDomain(params.id as DomainId))), // as above
  }),
  changeDomain: operation({
    method: 'PATCH',
    path: '/domains/:id',
    does: 'Sets the connection for users of this domain.',
    access: { scope: 'domains:write', of: ownerOfDomain },
    body: domainChangeSchema,
    answer: domainSchema,
    versioned: true,
    async run(services, { by, params: { id }, body, checkUnchanged }) {
      const route = (before: Domain) => {
        checkUnchanged(domainJson(before))
        const { connectionId = before.connectionId } = body
        return connectionId ?? undefined
      }
      return domainJson(await routeDomain(services, by, { id, route }))
    },
  }),
  verifyDomain: operation({
    method: 'POST',
    path: '/domains/:id/verify',
    does: 'Looks up the TXT record in DNS. If it is found, the domain belongs to this organization, even if it belonged to another one whose record is gone.',
    access: { scope: 'domains:write', of: ownerOfDomain },
    answer: domainSchema,
    refusals: ['domain_not_proven', 'domain_in_use', 'dns_unavailable'],
    run: async (services, { by, params }) =>
      domainJson(await verifyDomain(services, by, params.id)),
  }),
  vouchForDomain: operation({
    method: 'POST',
    path: '/domains/:id/vouch',
    does: 'Marks the domain as proven by the operator, without a DNS lookup.',
    access: { scope: 'domains:vouch', of: 'deployment' },
    answer: domainSchema,
    refusals: ['domain_in_use'],
    run: async (services, { by, params }) =>
      domainJson(await vouchForDomain(services, by, params.id)),
  }),
  removeDomain: operation({
    method: 'DELETE',
    path: '/domains/:id',
    does: 'Removes a domain from its organization. Users who were linked by it stay linked.',
    access: { scope: 'domains:write', of: ownerOfDomain },
    run: (services, { by, params }) => removeDomain(services, by, params.id),
  }),
}

/** Converts a domain to the JSON of the API. */
export function domainJson(domain: Domain): DomainJson {
  return recordJson(domainSchema, {
    ...domain,
    record: { type: 'TXT', ...challengeRecord(domain) },
  })
}
