import { scopeTable } from '../access/scope-table.ts'
import { apiCommand } from './api-command.ts'
import { type Command, jsonOption, pageOptions } from './command.ts'
import { printAnswer } from './print-answer.ts'
import { type Columns, tableLines } from './print-table.ts'

export const apiKeyCommands: readonly Command[] = [
  apiCommand({
    name: 'api-key list',
    summary: 'List API keys, newest first, including revoked keys.',
    operation: 'listApiKeys',
    options: {
      ...pageOptions,
      organization: { help: 'Only keys that are confined to this organization id.' },
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
    summary: 'Create an API key. It is printed only once.',
    operation: 'createApiKey',
    needs: '--name NAME --scope SCOPE',
    options: {
      name: { help: 'What the key is for.' },
      scope: {
        multiple: true,
        sentAs: 'scopes',
        help: 'A right such as users:read; repeat the option for several. `entrada api-key scopes` lists them.',
      },
      organization: { sentAs: 'organizationId', help: 'Confine the key to this organization id.' },
      expires: {
        sentAs: 'expiresAt',
        help: 'When the key expires, such as 2027-11-22T00:00:00Z; default: never.',
      },
    },
    lines: ({ id, value }) => [value ?? '', `${id}  Keep it now: it is not shown again.`],
  }),
  apiCommand({
    name: 'api-key revoke',
    summary: 'Revoke an API key. It stops working at once and cannot be restored.',
    operation: 'revokeApiKey',
    arguments: { ID: 'id' },
    done: 'revoked',
  }),
  {
    name: 'api-key scopes',
    summary: 'List the rights (scopes) that an API key can have.',
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
