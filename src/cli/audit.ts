import { withAdministration } from './admin-connection.ts'
import { type Command, devOption, jsonOption, ofOrganizationOption, textOption } from './command.ts'
import { listOptions, listQuery, printList } from './print-table.ts'

export const auditCommands: readonly Command[] = [
  {
    name: 'audit list',
    summary: 'List audit events, newest first.',
    options: {
      ...jsonOption,
      ...devOption,
      ...listOptions,
      ...ofOrganizationOption,
      type: { type: 'string', help: 'Of this type only, such as sign_in.refused.' },
      user: { type: 'string', help: 'About this user id only.' },
      correlation: {
        type: 'string',
        sentAs: 'correlation_id',
        help: 'Of the request with this correlation id only.',
      },
      since: { type: 'string', help: 'At this time or later, such as 2026-11-22T08:00:00Z.' },
      until: { type: 'string', help: 'Before this time.' },
    },
    run: (context, given) =>
      withAdministration(context, given, async ({ listAuditEvents }) => {
        const events = await listAuditEvents({
          ...listQuery(given),
          organization: textOption(given, 'organization'),
          type: textOption(given, 'type'),
          user: textOption(given, 'user'),
          correlation_id: textOption(given, 'correlation'),
          since: textOption(given, 'since'),
          until: textOption(given, 'until'),
        })
        return printList(context, given, {
          list: events,
          header: ['AT', 'TYPE', 'ACTOR', 'USER', 'DETAIL'],
          row: ({ at, type, actor, userId, detail }) => [
            at,
            type,
            'id' in actor ? `${actor.kind}:${actor.id}` : actor.kind,
            userId ?? '-',
            JSON.stringify(detail),
          ],
        })
      }),
  },
]
