import * as v from 'valibot'
import { recordJson } from '../../connections/record-json.ts'
import { timeAnswer } from '../../connections/schema-parts.ts'
import { found } from '../../errors/found.ts'
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
    v.description(
      '`setup`: sets up a draft. `renewal`: replaces credentials, and changes nothing else.',
    ),
  ),
  state: v.pipe(
    v.picklist(['waiting', 'opened', 'ended', 'turned_on', 'withdrawn', 'replaced', 'finished']),
    v.description('Links that are `waiting` or `opened` can be used; all others have ended.'),
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
    v.description('The link to send. It gives access to the set-up, and is shown only once.'),
  ),
})
export type SetupLinkJson = v.InferOutput<typeof setupLinkSchema>

export const setupLinkSchemas = { SetupLink: setupLinkSchema, NewSetupLink: newSetupLinkSchema }

const read = { scope: 'connections:read', of: ownerOfConnection } as const
const write = { scope: 'connections:write', of: ownerOfConnection } as const

export const setupLinkOperations = {
  listSetupLinks: operation({
    method: 'GET',
    path: '/connections/:id/setup-links',
    does: 'Lists set-up links of a connection, newest first, at most 100.',
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
    does: 'Creates a link with which a customer sets up a draft, or renews the credential of a connection that is not a draft. The previous link ends.',
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
    does: 'Returns one set-up link.',
    access: read,
    answer: setupLinkSchema,
    async run(services, { params }) {
      const links = await listSetupLinks(services, params.id)
      return setupLinkJson(found(links.find(({ link }) => link.id === params.link)))
    },
  }),
  withdrawSetupLink: operation({
    method: 'DELETE',
    path: '/connections/:id/setup-links/:link',
    does: 'Ends a set-up link and the set-up sessions that it opened.',
    access: write,
    async run(services, { by, params: { id: connectionId, link: linkId } }) {
      await withdrawSetupLink(services, by, { connectionId, linkId })
    },
  }),
}

function setupLinkJson({ link, state }: ListedSetupLink): SetupLinkJson {
  return recordJson(setupLinkSchema, { ...link, state, expiresAt: link.endsAt })
}
