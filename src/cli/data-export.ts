import { withApi } from './admin-connection.ts'
import { apiCommand } from './api-command.ts'
import { type Command, devOption } from './command.ts'

export const dataExportCommands: readonly Command[] = [
  exportCommand({
    name: 'user export',
    summary: 'Print everything that is stored about a user, one line of JSON for each record.',
    operation: 'exportUser',
  }),
  apiCommand({
    name: 'user remove',
    summary:
      'Remove a user permanently. To block a user, disable them instead. The username stays taken.',
    operation: 'removeUser',
    arguments: { ID: 'id' },
    done: 'removed',
  }),
  apiCommand({
    name: 'user release-username',
    summary:
      'Release the username of a removed user, so that another user can get it. Applications may still store data under it.',
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
    summary:
      'Print everything that is stored about an organization, one line of JSON for each record.',
    operation: 'exportOrganization',
  }),
  apiCommand({
    name: 'organization remove',
    summary: 'Remove an organization permanently, with its connections and members.',
    operation: 'removeOrganization',
    arguments: { ID: 'id' },
    needs: '--slug SLUG',
    options: {
      slug: { help: 'The slug of the organization, as a confirmation.' },
    },
    done: 'removed',
  }),
]

/** Creates a command that prints records page by page, so that it needs little memory for any number of them. */
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
