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
import { listOptions, listQuery, printList } from './print-table.ts'

const common = { ...jsonOption, ...devOption }

export const sessionCommands: readonly Command[] = [
  {
    name: 'session list',
    summary: 'List live sessions, newest first.',
    options: { ...common, ...listOptions, user: { type: 'string', help: 'Of this user id only.' } },
    run: (context, given) =>
      withAdministration(context, given, async ({ listSessions }) => {
        const sessions = await listSessions({
          ...listQuery(given),
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
      organization: { type: 'string', help: 'Of this organization id only.' },
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
    context.printError('entrada: name one of --organization, --connection and --user')
    return 2
  }
  const scope = scopes[0] ?? ({ of: 'deployment' } as const)
  const place = scope.of === 'deployment' ? 'the deployment' : `${scope.of} ${scope.id}`
  if (given.values.yes !== true) {
    context.printError(`entrada: this would end every session of ${place}; --yes does it`)
    return 2
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
