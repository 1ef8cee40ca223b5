/** What a connection proves itself with, on the command line. A secret is never typed there: other people of the machine could read it. */
import type { CredentialJson } from '../connections/connection-schema.ts'
import { withAdministration } from './admin-connection.ts'
import {
  type CliArguments,
  type CliContext,
  type Command,
  devOption,
  type ExitCode,
  jsonOption,
  textOption,
} from './command.ts'
import { printCredentials } from './connection.ts'
import { readReference } from './secret-reference.ts'

const common = { ...jsonOption, ...devOption }

export const credentialCommands: readonly Command[] = [
  {
    name: 'credential list',
    parameters: 'CONNECTION',
    summary: 'List the credentials of a connection. Their values are never shown.',
    options: common,
    positionals: 1,
    run: (context, given) =>
      withAdministration(context, given, async ({ call }) => {
        const [id = ''] = given.positionals
        const { credentials } = await call('getConnection', { params: { id } })
        if (given.values.json) context.print(JSON.stringify(credentials))
        else printCredentials(context, credentials)
        return 0
      }),
  },
  {
    name: 'credential add',
    parameters: 'CONNECTION --from REFERENCE',
    summary: 'Add a client secret beside the credentials that are there.',
    options: {
      ...common,
      from: {
        type: 'string',
        sentAs: 'value',
        mayBeSecret: true,
        help: 'Where the secret is: env:NAME or file:PATH (file:/dev/stdin reads it from a pipe).',
      },
      expires: {
        type: 'string',
        sentAs: 'expiresAt',
        help: 'When it ends, such as 2027-11-22T00:00:00Z.',
      },
      pending: { type: 'boolean', help: 'Keep it until a test through it succeeded.' },
    },
    positionals: 1,
    run: (context, given) =>
      withAdministration(context, given, async ({ call }) => {
        const [id = ''] = given.positionals
        const expiresAt = textOption(given, 'expires')
        const body = {
          kind: 'client_secret',
          value: readReference(context, textOption(given, 'from') ?? ''),
          state: given.values.pending ? 'pending' : 'active',
          ...(expiresAt === undefined ? {} : { expiresAt }),
        } as const
        return printOne(context, given, await call('addCredential', { params: { id }, body }))
      }),
  },
  stateCommand('use', 'active', 'Put a credential into use.'),
  stateCommand('retire', 'retired', 'Put a credential out of use without losing it.'),
  {
    name: 'credential remove',
    parameters: 'CONNECTION CREDENTIAL',
    summary: 'Remove a credential for good.',
    options: common,
    positionals: 2,
    run: (context, given) =>
      withAdministration(context, given, async ({ call }) => {
        const params = paramsOf(given)
        await call('removeCredential', { params })
        const { credential } = params
        context.print(
          given.values.json ? JSON.stringify({ removed: credential }) : `removed ${credential}`,
        )
        return 0
      }),
  },
]

function stateCommand(verb: string, state: 'active' | 'retired', summary: string): Command {
  return {
    name: `credential ${verb}`,
    parameters: 'CONNECTION CREDENTIAL',
    summary,
    options: common,
    positionals: 2,
    run: (context, given) =>
      withAdministration(context, given, async ({ call }) => {
        const asked = { params: paramsOf(given), body: { state } }
        return printOne(context, given, await call('changeCredential', asked))
      }),
  }
}

function paramsOf({ positionals: [id = '', credential = ''] }: CliArguments) {
  return { id, credential }
}

function printOne(
  context: CliContext,
  { values }: CliArguments,
  credential: CredentialJson,
): ExitCode {
  if (values.json) context.print(JSON.stringify(credential))
  else printCredentials(context, [credential])
  return 0
}
