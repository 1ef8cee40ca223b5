/** What a connection proves itself with, on the command line. A secret is never typed there: other people of the machine could read it. */
import type { CredentialJson } from '../connections/connection-schema.ts'
import { apiCommand } from './api-command.ts'
import type { Command } from './command.ts'
import { type Columns, tableLines } from './print-table.ts'
import { readReference } from './secret-reference.ts'

const columns: Columns<CredentialJson> = {
  CREDENTIAL: ({ id }) => id,
  KIND: ({ kind }) => kind,
  STATE: ({ state }) => state,
  ENDS: ({ expiresAt }) => expiresAt ?? 'unknown',
  CREATED: ({ createdAt }) => createdAt,
}

export const credentialCommands: readonly Command[] = [
  apiCommand({
    name: 'credential list',
    summary: 'List the credentials of a connection. Their values are never shown.',
    operation: 'getConnection',
    arguments: { CONNECTION: 'id' },
    json: ({ credentials }) => credentials,
    lines: ({ credentials }) => credentialLines(credentials),
  }),
  apiCommand({
    name: 'credential add',
    summary: 'Add a client secret beside the credentials that are there.',
    operation: 'addCredential',
    arguments: { CONNECTION: 'id' },
    needs: '--from REFERENCE',
    sends: { kind: 'client_secret' },
    options: {
      from: {
        sentAs: 'value',
        default: '',
        read: (reference, context) => readReference(context, reference),
        mayBeSecret: true,
        help: 'Where the secret is: env:NAME or file:PATH (file:/dev/stdin reads it from a pipe).',
      },
      expires: { sentAs: 'expiresAt', help: 'When it ends, such as 2027-11-22T00:00:00Z.' },
      pending: {
        type: 'boolean',
        sentAs: 'state',
        flag: 'pending',
        help: 'Keep it until a test through it succeeded.',
      },
    },
    columns,
  }),
  apiCommand({
    name: 'credential use',
    summary: 'Put a credential into use.',
    operation: 'changeCredential',
    arguments: { CONNECTION: 'id', CREDENTIAL: 'credential' },
    sends: { state: 'active' },
    columns,
  }),
  apiCommand({
    name: 'credential retire',
    summary: 'Put a credential out of use without losing it.',
    operation: 'changeCredential',
    arguments: { CONNECTION: 'id', CREDENTIAL: 'credential' },
    sends: { state: 'retired' },
    columns,
  }),
  apiCommand({
    name: 'credential remove',
    summary: 'Remove a credential for good.',
    operation: 'removeCredential',
    arguments: { CONNECTION: 'id', CREDENTIAL: 'credential' },
    done: 'removed',
  }),
]

/** Returns the lines that show credentials; none where there are none. */
export function credentialLines(credentials: readonly CredentialJson[]): readonly string[] {
  return credentials.length === 0 ? [] : tableLines(columns, credentials)
}
