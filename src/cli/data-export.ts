import { withApi } from './admin-connection.ts'
import { apiCommand } from './api-command.ts'
import { type Command, devOption } from './command.ts'

export const dataExportCommands: readonly Command[] = [
  exportCommand({
    name: 'user export',
    summary: 'Print all that is kept of a user, a line of JSON for each record.',
    operation: 'exportUser',
  }),
  apiCommand({
    name: 'user remove',
    summary:
      'Remove a user for good. To keep a person out, disable them instead. The username stays taken.',
    operation: 'removeUser',
    arguments: { ID: 'id' },
    done: 'removed',
  }),
  apiCommand({
    name: 'user release-username',
    summary:
      'Let a username be given again that belonged to a removed user. Applications may still hold data under it.',
    operation: 'releaseUsername',
    arguments: { USERNAME: 'username' },
    options: {
      organization: {
        sentAs: 'id',
        default: 'default',
        help: "Id or slug of the organization; default: that of the environment's connection.",
      },
    },
    done: 'released',
  }),
  exportCommand({
    name: 'organization export',
    summary: 'Print all that is kept of an organization, a line of JSON for each record.',
    operation: 'exportOrganization',
  }),
  apiCommand({
    name: 'organization remove',
    summary: 'Remove an organization for good, with its connections and people.',
    operation: 'removeOrganization',
    arguments: { ID: 'id' },
    needs: '--slug SLUG',
    options: {
      slug: { help: 'Its slug, so that it is the right one.' },
    },
    done: 'removed',
  }),
]

/** A command that prints records page after page, so that it needs little memory for any number of them. */
function exportCommand({
  operation,
  ...command
}: Pick<Command, 'name' | 'summary'> & {
  readonly operation: 'exportUser' | 'exportOrganization'
}): Command {
  return {
    ...command,
    parameters: 'ID',
    options: devOption,
    positionals: 1,
    run: (context, args) =>
      withApi(context, args, async ({ client }) => {
        const [id = ''] = args.positionals
        const request = { params: { id }, query: { limit: 200 } }
        for await (const record of client.all(operation, request)) {
          context.print(JSON.stringify(record))
        }
        return 0
      }),
  }
}
