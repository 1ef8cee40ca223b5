/** Credentials of connections. A secret is never typed on the command line, where other users of the machine could read it. */
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
    summary: 'Add a client secret. Existing credentials stay.',
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
      expires: {
        sentAs: 'expiresAt',
        help: 'When the secret expires, such as 2027-11-22T00:00:00Z.',
      },
      pending: {
        type: 'boolean',
        sentAs: 'state',
        flag: 'pending',
        help: 'Store the secret as pending, until a test sign-in with it has succeeded.',
      },
    },
    columns,
  }),
  apiCommand({
    name: 'credential use',
    summary: 'Activate a credential.',
    operation: 'changeCredential',
    arguments: { CONNECTION: 'id', CREDENTIAL: 'credential' },
    sends: { state: 'active' },
    columns,
  }),
  apiCommand({
    name: 'credential retire',
    summary: 'Retire a credential: it is kept, and no longer used.',
    operation: 'changeCredential',
    arguments: { CONNECTION: 'id', CREDENTIAL: 'credential' },
    sends: { state: 'retired' },
    columns,
  }),
  apiCommand({
    name: 'credential remove',
    summary: 'Remove a credential permanently.',
    operation: 'removeCredential',
    arguments: { CONNECTION: 'id', CREDENTIAL: 'credential' },
    done: 'removed',
  }),
]

/** Returns the lines of a table of credentials, or no lines if there are no credentials. */
export function credentialLines(credentials: readonly CredentialJson[]): readonly string[] {
  return credentials.length === 0 ? [] : tableLines(columns, credentials)
}
