import * as v from 'valibot'
import { timeAnswer } from '../../connections/schema-parts.ts'
import { EntradaError } from '../../errors/errors.ts'
import { strictObject } from '../../protocol/strict-object.ts'
import {
  createSetupLink,
  type ListedSetupLink,
  listSetupLinks,
  withdrawSetupLink,
} from '../../setup/setup-link.ts'
import { operation } from '../operation.ts'
import { ownerOfConnection } from './connections.ts'

const setupLinkEntries = {
  id: v.string(),
  connectionId: v.string(),
  kind: v.pipe(
    v.picklist(['setup', 'renewal']),
    v.description('`setup`: of a draft. `renewal`: changes credentials, and nothing else.'),
  ),
  state: v.pipe(
    v.picklist(['waiting', 'opened', 'ended', 'turned_on', 'withdrawn', 'replaced', 'finished']),
    v.description('`waiting` and `opened` can be used; every other one has ended.'),
  ),
  createdAt: timeAnswer,
  openedAt: v.nullable(timeAnswer),
  expiresAt: timeAnswer,
}
const setupLinkSchema = strictObject(setupLinkEntries)
const newSetupLinkSchema = strictObject({
  ...setupLinkEntries,
  address: v.pipe(
    v.nullable(v.string()),
    v.description('The link to send. It is shown now and never again: it opens the set-up.'),
  ),
})
export type SetupLinkJson = v.InferOutput<typeof setupLinkSchema>
export type NewSetupLinkJson = SetupLinkJson & { readonly address: string }

export const setupLinkSchemas = { SetupLink: setupLinkSchema, NewSetupLink: newSetupLinkSchema }

const read = { scope: 'connections:read', of: ownerOfConnection } as const
const write = { scope: 'connections:write', of: ownerOfConnection } as const

export const setupLinkOperations = {
  listSetupLinks: operation({
    method: 'GET',
    path: '/connections/:id/setup-links',
    does: 'Set-up links of a connection, newest first, at most 100.',
    access: read,
    answer: strictObject({ items: v.array(setupLinkSchema) }),
    async run(services, { params }) {
      const links = await listSetupLinks(services, params.id)
      return { items: links.map(setupLinkJson) }
    },
  }),
  createSetupLink: operation({
    method: 'POST',
    path: '/connections/:id/setup-links',
    does: 'Makes a link with which a customer sets up a draft, or renews the credential of a connection that is none. The one before ends.',
    access: write,
    answer: newSetupLinkSchema,
    creates: true,
    shownOnce: ['address'],
    refusals: ['setup_link_not_possible'],
    async run(services, { by, params }) {
      const { link, address } = await createSetupLink(services, by, params.id)
      return { ...setupLinkJson({ link, state: 'waiting' }), address }
    },
  }),
  getSetupLink: operation({
    method: 'GET',
    path: '/connections/:id/setup-links/:link',
    does: 'One set-up link.',
    access: read,
    answer: setupLinkSchema,
    async run(services, { params }) {
      const links = await listSetupLinks(services, params.id)
      const found = links.find(({ link }) => link.id === params.link)
      if (found === undefined) throw new EntradaError('record_not_found')
      return setupLinkJson(found)
    },
  }),
  withdrawSetupLink: operation({
    method: 'DELETE',
    path: '/connections/:id/setup-links/:link',
    does: 'Ends a set-up link now, and the page behind it.',
    access: write,
    async run(services, { by, params: { id: connectionId, link: linkId } }) {
      await withdrawSetupLink(services, by, { connectionId, linkId })
    },
  }),
}

function setupLinkJson({ link, state }: ListedSetupLink): SetupLinkJson {
  return {
    id: link.id,
    connectionId: link.connectionId,
    kind: link.kind,
    state,
    createdAt: link.createdAt.toISOString(),
    openedAt: link.openedAt?.toISOString() ?? null,
    expiresAt: link.endsAt.toISOString(),
  }
}
