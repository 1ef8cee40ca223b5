import { withAdministration } from './admin-connection.ts'
import {
  type CliArguments,
  type CliContext,
  type Command,
  devOption,
  type ExitCode,
  jsonOption,
  ofOrganizationOption,
  textOption,
} from './command.ts'
import { wrongCall } from './command-failure.ts'
import { listOptions, listQuery, printList } from './print-table.ts'

const common = { ...jsonOption, ...devOption }

export const sessionCommands: readonly Command[] = [
  {
    name: 'session list',
    summary: 'List live sessions, newest first.',
    options: {
      ...common,
      ...listOptions,
      ...ofOrganizationOption,
      user: { type: 'string', help: 'Of this user id only.' },
    },
    run: (context, given) =>
      withAdministration(context, given, async ({ listSessions }) => {
        const sessions = await listSessions({
          ...listQuery(given),
          organization: textOption(given, 'organization'),
          user: textOption(given, 'user'),
        })
        return printList(context, given, {
          list: sessions,
          header: ['ID', 'KIND', 'USER', 'CREATED', 'LAST SEEN', 'ENDS', 'IP'],
          row: ({ id, kind, userId, createdAt, lastSeenAt, expiresAt, ip }) => [
            id,
            kind,
            userId ?? '-',
            createdAt,
            lastSeenAt,
            expiresAt,
            ip ?? '-',
          ],
        })
      }),
  },
  {
    name: 'session end-all',
    summary:
      'End every session of the deployment, or of one organization, connection or user. --yes does it.',
    options: {
      ...common,
      ...ofOrganizationOption,
      connection: { type: 'string', help: 'Of this connection id only.' },
      user: { type: 'string', help: 'Of this user id only.' },
      yes: { type: 'boolean', help: 'Do it. People have to sign in again; operators too.' },
    },
    run: (context, given) => endAll(context, given),
  },
  {
    name: 'session end',
    parameters: 'ID',
    summary: 'End a session.',
    options: common,
    positionals: 1,
    run: (context, given) =>
      withAdministration(context, given, async ({ endSession }) => {
        const id = given.positionals[0] ?? ''
        await endSession(id)
        context.print(given.values.json ? JSON.stringify({ ended: id }) : `ended ${id}`)
        return 0
      }),
  },
]

async function endAll(context: CliContext, given: CliArguments): Promise<ExitCode> {
  const scopes = (['organization', 'connection', 'user'] as const).flatMap((of) => {
    const id = textOption(given, of)
    return id === undefined ? [] : [{ of, id }]
  })
  if (scopes.length > 1) {
    throw wrongCall('name one of --organization, --connection and --user')
  }
  const scope = scopes[0] ?? ({ of: 'deployment' } as const)
  const place = scope.of === 'deployment' ? 'the deployment' : `${scope.of} ${scope.id}`
  if (given.values.yes !== true) {
    throw wrongCall(`this would end every session of ${place}; --yes does it`)
  }
  return withAdministration(context, given, async ({ call }) => {
    const { sessionsEnded } = await call('endSessions', { body: scope })
    context.print(
      given.values.json
        ? JSON.stringify({ of: place, sessionsEnded })
        : `ended ${sessionsEnded} sessions of ${place}`,
    )
    return 0
  })
}
