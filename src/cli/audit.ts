import { apiCommand } from './api-command.ts'
import { type Command, ofOrganizationOption, pageOptions } from './command.ts'

export const auditCommands: readonly Command[] = [
  apiCommand({
    name: 'audit list',
    summary: 'List audit events, newest first.',
    operation: 'listAuditEvents',
    options: {
      ...pageOptions,
      ...ofOrganizationOption,
      type: { help: 'Only events of this type, such as sign_in.refused.' },
      user: { help: 'Only events about this user id.' },
      correlation: {
        sentAs: 'correlation_id',
        help: 'Only events of the request with this correlation id.',
      },
      since: { help: 'Only events at this time or later, such as 2026-11-22T08:00:00Z.' },
      until: { help: 'Only events before this time.' },
    },
    columns: {
      AT: ({ at }) => at,
      TYPE: ({ type }) => type,
      ACTOR: ({ actor }) => ('id' in actor ? `${actor.kind}:${actor.id}` : actor.kind),
      USER: ({ userId }) => userId,
      DETAIL: ({ detail }) => JSON.stringify(detail),
    },
  }),
]
