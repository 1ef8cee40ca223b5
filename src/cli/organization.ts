import type { OrganizationJson } from '../api/resources/organizations.ts'
import { apiCommand } from './api-command.ts'
import { type Command, newIdOptions, pageOptions } from './command.ts'
import { notValid } from './command-failure.ts'

export const organizationCommands: readonly Command[] = [
  apiCommand({
    name: 'organization list',
    summary: 'List organizations, newest first.',
    operation: 'listOrganizations',
    options: {
      ...pageOptions,
      search: { help: 'Part of a name or slug.' },
    },
    columns: {
      ID: ({ id }) => id,
      SLUG: ({ slug }) => slug,
      NAME: ({ name }) => name,
      CREATED: ({ createdAt }) => createdAt,
    },
  }),
  apiCommand({
    name: 'organization show',
    summary: 'Show one organization.',
    operation: 'getOrganization',
    arguments: { ID: 'id' },
    lines: organizationLines,
  }),
  apiCommand({
    name: 'organization change',
    summary: 'Change an organization; id and slug never change.',
    operation: 'changeOrganization',
    arguments: { ID: 'id' },
    options: {
      name: { help: 'The name that people see.' },
      'email-discovery': {
        sentAs: 'settings.emailDiscovery',
        read: readEmailDiscovery,
        help: 'on or off: whether a work email at /login finds the organization.',
      },
    },
    lines: organizationLines,
  }),
  apiCommand({
    name: 'organization create',
    summary: 'Create an organization, which represents one customer.',
    operation: 'createOrganization',
    arguments: { NAME: 'name' },
    options: newIdOptions,
    lines: ({ id, name, slug }) => [`${id}  ${name} (${slug})`],
  }),
]

/** @throws {EntradaError} `request_invalid` */
function readEmailDiscovery(text: string): boolean {
  if (text === 'on' || text === 'off') return text === 'on'
  throw notValid('settings.emailDiscovery')
}

function organizationLines(organization: OrganizationJson): readonly string[] {
  const { id, name, slug, settings, createdAt } = organization
  return [
    `${id}  ${name}`,
    `  slug             ${slug}`,
    `  email discovery  ${settings.emailDiscovery ? 'on' : 'off'}`,
    `  created          ${createdAt}`,
  ]
}
