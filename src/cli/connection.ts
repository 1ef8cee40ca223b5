import type { ConnectionJson } from '../connections/connection-schema.ts'
import { DEFAULT_KIND, providerKindNames } from '../identity-provider/provider-kinds.ts'
import { apiCommand } from './api-command.ts'
import { type Command, newIdOptions, ofOrganizationOption, pageOptions } from './command.ts'
import { connectionOptions, fieldLines } from './connection-options.ts'
import { credentialLines } from './credential.ts'

const providerOption = {
  provider: {
    help: `Kind of identity provider (${providerKindNames.join(', ')}); it never changes. Default: ${DEFAULT_KIND}.`,
  },
} as const

export const connectionCommands: readonly Command[] = [
  apiCommand({
    name: 'connection create',
    summary: 'Create a connection of an organization (its id or slug), as a draft.',
    operation: 'createConnection',
    arguments: { ORGANIZATION: 'organizationId' },
    options: { ...newIdOptions, ...providerOption, ...connectionOptions() },
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
      `${kind === 'setup' ? 'To set up the connection' : 'To renew its credential'}, until ${expiresAt}. The link gives access to anyone who has it: send it only to the customer's administrator.`,
    ],
  }),
  apiCommand({
    name: 'connection list',
    summary: 'List connections, newest first.',
    operation: 'listConnections',
    options: {
      ...pageOptions,
      ...ofOrganizationOption,
      status: { help: 'draft, on or off.' },
      search: { help: 'Part of a name or slug; or a whole id, client id or tenant.' },
      'ending-before': {
        sentAs: 'credentials_end_before',
        help: 'Only connections whose last active credential expires before this time.',
      },
      failing: {
        type: 'boolean',
        help: 'Only connections whose sign-ins have failed since the last success.',
      },
    },
    columns: {
      ID: ({ id }) => id,
      ORGANIZATION: ({ organizationId }) => organizationId,
      SLUG: ({ slug }) => slug,
      NAME: ({ name }) => name,
      STATUS: ({ status }) => status,
      DIRECTORY: directoryOf,
      'CREDENTIAL ENDS': endOf,
    },
  }),
  apiCommand({
    name: 'connection show',
    summary: 'Show one connection, and what to register in Entra for it.',
    operation: 'getConnection',
    arguments: { ID: 'id' },
    lines: connectionLines,
  }),
  apiCommand({
    name: 'connection change',
    summary: 'Change a connection; id and slug never change.',
    operation: 'changeConnection',
    arguments: { ID: 'id' },
    options: connectionOptions(),
    lines: connectionLines,
  }),
  apiCommand({
    name: 'connection turn-on',
    summary: 'Turn a connection on, after a test sign-in through it has succeeded.',
    operation: 'turnConnectionOn',
    arguments: { ID: 'id' },
    lines: connectionLines,
  }),
  apiCommand({
    name: 'connection turn-off',
    summary: 'Turn a connection off. New sign-ins are refused; existing sessions continue.',
    operation: 'turnConnectionOff',
    arguments: { ID: 'id' },
    lines: connectionLines,
  }),
]

function directoryOf({ tenant, allowedTenantIds }: ConnectionJson): string {
  return tenant ?? allowedTenantIds?.join(',') ?? '-'
}

/** Returns when the last active credential expires: sign-ins work as long as one credential works. */
function endOf({ credentials }: ConnectionJson): string {
  const active = credentials.filter(({ state }) => state === 'active')
  if (active.length === 0) return 'none'
  const ends = active.map(({ expiresAt }) => expiresAt)
  return ends.includes(null) ? 'unknown' : (ends.sort().at(-1) ?? 'unknown')
}

function connectionLines(connection: ConnectionJson): readonly string[] {
  const { id, name, slug, status, managedBy, tested, addresses } = connection
  const facts: readonly (readonly [label: string, text: string])[] = [
    ['status', `${status}${tested ? '' : ', not tested as it is now'}`],
    ['organization', connection.organizationId],
    ['slug', slug],
    ['managed by', managedBy],
    ['provider', connection.provider],
    ['directory', directoryOf(connection)],
    ...fieldLines(connection),
    ['redirect URI', addresses.redirectUri],
    ['home page URL', addresses.login],
    ['front-channel', addresses.frontChannelLogout],
  ]
  const width = Math.max(...facts.map(([label]) => label.length))
  return [
    `${id}  ${name}`,
    ...facts.map(([label, value]) => `  ${label.padEnd(width)}  ${value}`),
    ...connection.roleRules.map(
      ({ id, match, value, role }) => `  rule ${id}: ${match} ${value} gives ${role}`,
    ),
    ...credentialLines(connection.credentials),
  ]
}
