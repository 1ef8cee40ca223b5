import { type Scope, scopeTable } from '../access/scope-table.ts'
import type { ApiKeyJson } from '../api/resources/api-keys.ts'
import { withAdministration } from './admin-connection.ts'
import { type CliArguments, type Command, devOption, jsonOption, textOption } from './command.ts'
import { listOptions, listQuery, printList, printTable } from './print-table.ts'

const common = { ...jsonOption, ...devOption }

export const apiKeyCommands: readonly Command[] = [
  {
    name: 'api-key list',
    summary: 'List keys for the API, newest first, revoked ones too.',
    options: {
      ...common,
      ...listOptions,
      organization: { type: 'string', help: 'That see this organization id only.' },
    },
    run: (context, given) =>
      withAdministration(context, given, async ({ call }) => {
        const query = { ...listQuery(given), organization: textOption(given, 'organization') }
        return printList(context, given, {
          list: await call('listApiKeys', { query }),
          header,
          row,
        })
      }),
  },
  {
    name: 'api-key create',
    parameters: '--name NAME --scope SCOPE',
    summary: 'Make a key for the API. It is printed once and stored nowhere.',
    options: {
      ...common,
      name: { type: 'string', help: 'What it is for.' },
      scope: {
        type: 'string',
        multiple: true,
        sentAs: 'scopes',
        help: 'What it may do, such as users:read; as often as needed. `entrada api-key scopes` lists them.',
      },
      organization: {
        type: 'string',
        sentAs: 'organizationId',
        help: 'It is to see this organization id only.',
      },
      expires: {
        type: 'string',
        sentAs: 'expiresAt',
        help: 'When it ends, such as 2027-11-22T00:00:00Z; without it, never.',
      },
    },
    run: (context, given) =>
      withAdministration(context, given, async ({ call }) => {
        const [organizationId, expiresAt] = [
          textOption(given, 'organization'),
          textOption(given, 'expires'),
        ]
        const body = {
          name: textOption(given, 'name') ?? '',
          scopes: scopesOf(given),
          ...(organizationId === undefined ? {} : { organizationId }),
          ...(expiresAt === undefined ? {} : { expiresAt }),
        }
        const key = await call('createApiKey', { body })
        context.print(given.values.json ? JSON.stringify(key) : (key.value ?? ''))
        if (!given.values.json) context.print(`${key.id}  Keep it now: it is not shown again.`)
        return 0
      }),
  },
  {
    name: 'api-key revoke',
    parameters: 'ID',
    summary: 'Revoke a key for the API, at once and for good.',
    options: common,
    positionals: 1,
    run: (context, given) =>
      withAdministration(context, given, async ({ call }) => {
        const [id = ''] = given.positionals
        await call('revokeApiKey', { params: { id } })
        context.print(given.values.json ? JSON.stringify({ revoked: id }) : `revoked ${id}`)
        return 0
      }),
  },
  {
    name: 'api-key scopes',
    summary: 'List what a key for the API may be allowed to do.',
    options: jsonOption,
    async run(context, given) {
      const rows = Object.entries(scopeTable).map(([scope, { means, within }]) => ({
        scope,
        means,
        within,
      }))
      if (given.values.json) context.print(JSON.stringify(rows))
      else {
        const lines = rows.map(({ scope, within, means }) => [
          scope,
          within === 'organization' ? 'one or all' : 'all',
          means,
        ])
        printTable(context, ['SCOPE', 'ORGANIZATIONS', 'MEANS'], lines)
      }
      return 0
    },
  },
]

/** The API says which there are. */
function scopesOf({ values }: CliArguments): Scope[] {
  return Array.isArray(values.scope) ? (values.scope as Scope[]) : []
}

const header = ['ID', 'NAME', 'BEGINS', 'STATUS', 'ORGANIZATION', 'SCOPES', 'LAST USED', 'ENDS']

function row(key: ApiKeyJson): string[] {
  return [
    key.id,
    key.name,
    key.hint,
    key.status,
    key.organizationId ?? 'all',
    key.scopes.join(','),
    key.lastUsedAt ?? 'never',
    key.expiresAt ?? 'never',
  ]
}
