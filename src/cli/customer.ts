/** What an operator does for a new customer: an organization, a connection as a draft, and a link for the customer's administrator. */
import { withAdministration } from './admin-connection.ts'
import { type Command, devOption, jsonOption, textOption } from './command.ts'
import { connectionChange, connectionOptions } from './connection.ts'

const common = { ...jsonOption, ...devOption }
const brought = {
  id: { type: 'string', help: 'Id brought along from another system; it never changes.' },
  slug: {
    type: 'string',
    help: 'Short name in addresses; made from the name when left out, and never changes.',
  },
} as const

export const customerCommands: readonly Command[] = [
  {
    name: 'organization create',
    parameters: 'NAME',
    summary: 'Create an organization: one customer.',
    options: { ...common, ...brought },
    positionals: 1,
    run: (context, given) =>
      withAdministration(context, given, async ({ createOrganization }) => {
        const [name = ''] = given.positionals
        const [id, slug] = [textOption(given, 'id'), textOption(given, 'slug')]
        const organization = await createOrganization({
          name,
          ...(id ? { id } : {}),
          ...(slug ? { slug } : {}),
        })
        if (given.values.json) context.print(JSON.stringify(organization))
        else context.print(`${organization.id}  ${organization.name} (${organization.slug})`)
        return 0
      }),
  },
  {
    name: 'connection create',
    parameters: 'ORGANIZATION',
    summary: 'Create a connection of an organization (its id or slug), as a draft.',
    options: {
      ...common,
      ...brought,
      ...connectionOptions,
    },
    positionals: 1,
    run: (context, given) =>
      withAdministration(context, given, async ({ call }) => {
        const [organizationId = ''] = given.positionals
        const [id, slug] = [textOption(given, 'id'), textOption(given, 'slug')]
        const connection = await call('createConnection', {
          body: {
            organizationId,
            ...(id ? { id } : {}),
            ...(slug ? { slug } : {}),
            ...connectionChange(given),
          },
        })
        if (given.values.json) context.print(JSON.stringify(connection))
        else context.print(`${connection.id}  ${connection.name} (${connection.slug}), draft`)
        return 0
      }),
  },
  {
    name: 'connection invite',
    parameters: 'CONNECTION',
    summary:
      "Make the link with which the customer's administrator sets it up, or renews its credential.",
    options: common,
    positionals: 1,
    run: (context, given) =>
      withAdministration(context, given, async ({ createSetupLink }) => {
        const link = await createSetupLink(given.positionals[0] ?? '')
        if (given.values.json) {
          context.print(JSON.stringify(link))
          return 0
        }
        context.print(link.address)
        context.print(
          `${link.kind === 'setup' ? 'To set up the connection' : 'To renew its credential'}, until ${link.expiresAt}. Whoever has the link can do so: send it to nobody else.`,
        )
        return 0
      }),
  },
]
