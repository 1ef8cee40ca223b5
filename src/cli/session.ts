import type { EntradaClient } from '../client/client.ts'
import { withApi } from './admin-connection.ts'
import { apiCommand } from './api-command.ts'
import {
  apiOptions,
  type CliArguments,
  type CliContext,
  type Command,
  type ExitCode,
  ofOrganizationOption,
  ofUserOption,
  pageOptions,
  textOption,
} from './command.ts'
import { wrongCall } from './command-failure.ts'
import { printAnswer } from './print-answer.ts'

const MOST_COUNTED = 1_000

export const sessionCommands: readonly Command[] = [
  apiCommand({
    name: 'session list',
    summary: 'List live sessions, newest first.',
    operation: 'listSessions',
    options: { ...pageOptions, ...ofOrganizationOption, ...ofUserOption },
    columns: {
      ID: ({ id }) => id,
      KIND: ({ kind }) => kind,
      USER: ({ userId }) => userId,
      CREATED: ({ createdAt }) => createdAt,
      'LAST SEEN': ({ lastSeenAt }) => lastSeenAt,
      ENDS: ({ expiresAt }) => expiresAt,
      IP: ({ ip }) => ip,
    },
  }),
  {
    name: 'session end-all',
    summary:
      'End every session of the deployment, or of one organization, connection or user. Shows how many; --yes ends them.',
    options: {
      ...apiOptions,
      ...ofOrganizationOption,
      connection: { help: 'Only this connection, by id or slug.' },
      ...ofUserOption,
      yes: { type: 'boolean', help: 'End them. Users and operators have to sign in again.' },
    },
    run: endAll,
  },
  apiCommand({
    name: 'session end',
    summary: 'End a session.',
    operation: 'endSession',
    arguments: { ID: 'id' },
    done: 'ended',
  }),
]

type Scope =
  | { readonly of: 'deployment' }
  | { readonly of: 'organization' | 'connection' | 'user'; readonly id: string }

async function endAll(context: CliContext, args: CliArguments): Promise<ExitCode> {
  const scope = scopeOf(args)
  const place = scope.of === 'deployment' ? 'the deployment' : `${scope.of} ${scope.id}`
  return withApi(context, args, async ({ client }) => {
    if (!args.values.yes) {
      const count = await countSessions(client, scope)
      throw wrongCall(`this would end every session of ${place}, ${count} now; --yes does it`)
    }
    const { sessionsEnded } = await client.endSessions({ body: scope })
    return printAnswer(context, args, {
      json: { of: place, sessionsEnded },
      lines: [`ended ${sessionsEnded} sessions of ${place}`],
    })
  })
}

function scopeOf(args: CliArguments): Scope {
  const scopes = (['organization', 'connection', 'user'] as const).flatMap((of) => {
    const id = textOption(args, of)
    return id === undefined ? [] : [{ of, id }]
  })
  if (scopes.length > 1) {
    throw wrongCall('name one of --organization, --connection and --user')
  }
  return scopes[0] ?? { of: 'deployment' }
}

/** Returns how many sessions would end. It looks at the newest thousand only. */
async function countSessions(client: EntradaClient, scope: Scope): Promise<string> {
  const query = {
    limit: 200,
    ...(scope.of === 'organization' ? { organization: scope.id } : {}),
    ...(scope.of === 'user' ? { user: scope.id } : {}),
  }
  const ofConnection =
    scope.of === 'connection' && (await client.getConnection({ params: { id: scope.id } })).id
  let [seen, count] = [0, 0]
  for await (const { connectionId } of client.all('listSessions', { query })) {
    if (seen === MOST_COUNTED) return `at least ${count}`
    seen += 1
    if (ofConnection === false || connectionId === ofConnection) count += 1
  }
  return String(count)
}
