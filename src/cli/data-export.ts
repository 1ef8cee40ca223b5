import { withAdministration } from './admin-connection.ts'
import type { AdminConnection, ListJson, ListQuery } from './api-connection.ts'
import { type Command, devOption, jsonOption, textOption } from './command.ts'

const common = { ...jsonOption, ...devOption }

export const dataExportCommands: readonly Command[] = [
  exportOf('user', (administration) => administration.exportUser),
  {
    name: 'user remove',
    parameters: 'ID',
    summary:
      'Remove a user for good. To keep a person out, disable them instead. The username stays taken.',
    options: common,
    positionals: 1,
    run: (context, given) =>
      withAdministration(context, given, async ({ removeUser }) => {
        const id = given.positionals[0] ?? ''
        await removeUser(id)
        context.print(given.values.json ? JSON.stringify({ removed: id }) : `removed ${id}`)
        return 0
      }),
  },
  {
    name: 'user release-username',
    parameters: 'USERNAME',
    summary:
      'Let a username be given again that belonged to a removed user. Applications may still hold data under it.',
    options: {
      ...common,
      organization: {
        type: 'string',
        help: "Id or slug of the organization; default: that of the environment's connection.",
      },
    },
    positionals: 1,
    run: (context, given) =>
      withAdministration(context, given, async ({ releaseUsername }) => {
        const username = given.positionals[0] ?? ''
        await releaseUsername(textOption(given, 'organization') ?? 'default', username)
        const line = given.values.json
          ? JSON.stringify({ released: username })
          : `released ${username}`
        context.print(line)
        return 0
      }),
  },
  exportOf('organization', (administration) => administration.exportOrganization),
  {
    name: 'organization remove',
    parameters: 'ID --slug SLUG',
    summary: 'Remove an organization for good, with its connections and people.',
    options: {
      ...common,
      slug: { type: 'string', help: 'Its slug, so that it is the right one.' },
    },
    positionals: 1,
    run: (context, given) =>
      withAdministration(context, given, async ({ removeOrganization }) => {
        const id = given.positionals[0] ?? ''
        await removeOrganization(id, textOption(given, 'slug') ?? '')
        context.print(given.values.json ? JSON.stringify({ removed: id }) : `removed ${id}`)
        return 0
      }),
  },
]

/** A line of JSON for each record, page after page, so that any size goes through. */
function exportOf(
  what: 'user' | 'organization',
  verb: (
    administration: AdminConnection,
  ) => (id: string, query: ListQuery) => Promise<ListJson<object>>,
): Command {
  return {
    name: `${what} export`,
    parameters: 'ID',
    summary: `Print all that is kept of ${what === 'user' ? 'a user' : 'an organization'}, a line of JSON for each record.`,
    options: devOption,
    positionals: 1,
    run: (context, given) =>
      withAdministration(context, given, async (administration) => {
        let cursor: string | undefined
        do {
          const query = { limit: '200', cursor }
          const { items, next } = await verb(administration)(given.positionals[0] ?? '', query)
          for (const item of items) context.print(JSON.stringify(item))
          cursor = next ?? undefined
        } while (cursor !== undefined)
        return 0
      }),
  }
}
