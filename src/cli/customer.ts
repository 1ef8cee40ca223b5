/** The commands for a new customer: an organization, a draft connection, and a link for the customer's administrator. */
import { apiCommand } from './api-command.ts'
import type { Command } from './command.ts'
import { connectionOptions } from './connection-options.ts'

const idOptions = {
  id: { mayBeEmpty: true, help: 'Id from another system; it can never change.' },
  slug: {
    mayBeEmpty: true,
    help: 'Short name in addresses; default: made from the name. It can never change.',
  },
} as const

export const customerCommands: readonly Command[] = [
  apiCommand({
    name: 'organization create',
    summary: 'Create an organization, which stands for one customer.',
    operation: 'createOrganization',
    arguments: { NAME: 'name' },
    options: idOptions,
    lines: ({ id, name, slug }) => [`${id}  ${name} (${slug})`],
  }),
  apiCommand({
    name: 'connection create',
    summary: 'Create a connection of an organization (its id or slug), as a draft.',
    operation: 'createConnection',
    arguments: { ORGANIZATION: 'organizationId' },
    options: { ...idOptions, ...connectionOptions() },
    lines: ({ id, name, slug }) => [`${id}  ${name} (${slug}), draft`],
  }),
  apiCommand({
    name: 'connection invite',
    summary:
      "Create the link with which the customer's administrator sets up the connection or renews its credential.",
    operation: 'createSetupLink',
    arguments: { CONNECTION: 'id' },
    lines: ({ address, kind, expiresAt }) => [
      address ?? '',
      `${kind === 'setup' ? 'To set up the connection' : 'To renew its credential'}, until ${expiresAt}. Whoever has the link can do so: send it to nobody else.`,
    ],
  }),
]
