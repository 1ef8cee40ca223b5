import { withAdministration } from './admin-connection.ts'
import { type Command, devOption, jsonOption, textOption } from './command.ts'
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
