import { scopeTable } from '../access/scope-table.ts'
import { apiCommand } from './api-command.ts'
import { type Command, jsonOption, pageOptions } from './command.ts'
import { printAnswer } from './print-answer.ts'
import { type Columns, tableLines } from './print-table.ts'

export const apiKeyCommands: readonly Command[] = [
  apiCommand({
    name: 'api-key list',
    summary: 'List keys for the API, newest first, revoked ones too.',
    operation: 'listApiKeys',
    options: {
      ...pageOptions,
      organization: { help: 'That see this organization id only.' },
    },
    columns: {
      ID: ({ id }) => id,
      NAME: ({ name }) => name,
      BEGINS: ({ hint }) => hint,
      STATUS: ({ status }) => status,
      ORGANIZATION: ({ organizationId }) => organizationId ?? 'all',
      SCOPES: ({ scopes }) => scopes.join(','),
      'LAST USED': ({ lastUsedAt }) => lastUsedAt ?? 'never',
      ENDS: ({ expiresAt }) => expiresAt ?? 'never',
    },
  }),
  apiCommand({
    name: 'api-key create',
    summary: 'Make a key for the API. It is printed once and stored nowhere.',
    operation: 'createApiKey',
    needs: '--name NAME --scope SCOPE',
    options: {
      name: { help: 'What it is for.' },
      scope: {
        multiple: true,
        sentAs: 'scopes',
        help: 'What it may do, such as users:read; as often as needed. `entrada api-key scopes` lists them.',
      },
      organization: { sentAs: 'organizationId', help: 'It is to see this organization id only.' },
      expires: {
        sentAs: 'expiresAt',
        help: 'When it ends, such as 2027-11-22T00:00:00Z; without it, never.',
      },
    },
    lines: ({ id, value }) => [value ?? '', `${id}  Keep it now: it is not shown again.`],
  }),
  apiCommand({
    name: 'api-key revoke',
    summary: 'Revoke a key for the API, at once and for good.',
    operation: 'revokeApiKey',
    arguments: { ID: 'id' },
    done: 'revoked',
  }),
  {
    name: 'api-key scopes',
    summary: 'List what a key for the API may be allowed to do.',
    options: jsonOption,
    run: async (context, args) =>
      printAnswer(context, args, { json: scopes, lines: tableLines(scopeColumns, scopes) }),
  },
]

const scopes = Object.entries(scopeTable).map(([scope, { means, within }]) => ({
  scope,
  means,
  within,
}))

const scopeColumns: Columns<(typeof scopes)[number]> = {
  SCOPE: ({ scope }) => scope,
  ORGANIZATIONS: ({ within }) => (within === 'organization' ? 'one or all' : 'all'),
  MEANS: ({ means }) => means,
}
