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
      type: { help: 'Of this type only, such as sign_in.refused.' },
      user: { help: 'About this user id only.' },
      correlation: {
        sentAs: 'correlation_id',
        help: 'Of the request with this correlation id only.',
      },
      since: { help: 'At this time or later, such as 2026-11-22T08:00:00Z.' },
      until: { help: 'Before this time.' },
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
