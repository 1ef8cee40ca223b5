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
      'End every session of the deployment, or of one organization, connection or user. --yes does it.',
    options: {
      ...apiOptions,
      ...ofOrganizationOption,
      connection: { help: 'Of this connection id only.' },
      ...ofUserOption,
      yes: { type: 'boolean', help: 'Do it. People have to sign in again; operators too.' },
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

async function endAll(context: CliContext, args: CliArguments): Promise<ExitCode> {
  const scopes = (['organization', 'connection', 'user'] as const).flatMap((of) => {
    const id = textOption(args, of)
    return id === undefined ? [] : [{ of, id }]
  })
  if (scopes.length > 1) {
    throw wrongCall('name one of --organization, --connection and --user')
  }
  const scope = scopes[0] ?? ({ of: 'deployment' } as const)
  const place = scope.of === 'deployment' ? 'the deployment' : `${scope.of} ${scope.id}`
  if (args.values.yes !== true) {
    throw wrongCall(`this would end every session of ${place}; --yes does it`)
  }
  return withApi(context, args, async ({ client }) => {
    const { sessionsEnded } = await client.endSessions({ body: scope })
    return printAnswer(context, args, {
      json: { of: place, sessionsEnded },
      lines: [`ended ${sessionsEnded} sessions of ${place}`],
    })
  })
}
