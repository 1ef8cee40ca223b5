import type { OrganizationJson } from '../api/resources/organizations.ts'
import { EntradaError } from '../errors/errors.ts'
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

export const organizationCommands: readonly Command[] = [
  {
    name: 'organization list',
    summary: 'List organizations, newest first.',
    options: {
      ...common,
      ...listOptions,
      search: { type: 'string', help: 'Part of a name or slug.' },
    },
    run: (context, given) =>
      withAdministration(context, given, async ({ call }) => {
        const query = { ...listQuery(given), search: textOption(given, 'search') }
        const list = await call('listOrganizations', { query })
        const header = ['ID', 'SLUG', 'NAME', 'CREATED']
        const row = ({ id, slug, name, createdAt }: OrganizationJson) => [id, slug, name, createdAt]
        return printList(context, given, { list, header, row })
      }),
  },
  {
    name: 'organization show',
    parameters: 'ID',
    summary: 'Show one organization.',
    options: common,
    positionals: 1,
    run: (context, given) =>
      withAdministration(context, given, async ({ call }) => {
        const [id = ''] = given.positionals
        return printOrganization(context, given, await call('getOrganization', { params: { id } }))
      }),
  },
  {
    name: 'organization change',
    parameters: 'ID',
    summary: 'Change an organization; id and slug never change.',
    options: {
      ...common,
      name: { type: 'string', help: 'What people read.' },
      'email-discovery': {
        type: 'string',
        sentAs: 'settings.emailDiscovery',
        help: 'on or off: whether a work email at /login finds it.',
      },
    },
    positionals: 1,
    run: (context, given) =>
      withAdministration(context, given, async ({ call }) => {
        const [id = ''] = given.positionals
        const name = textOption(given, 'name')
        const emailDiscovery = emailDiscoveryOf(given)
        const body = {
          ...(name === undefined ? {} : { name }),
          ...(emailDiscovery === undefined ? {} : { settings: { emailDiscovery } }),
        }
        return printOrganization(
          context,
          given,
          await call('changeOrganization', { params: { id }, body }),
        )
      }),
  },
]

/** @throws {EntradaError} `request_invalid` */
function emailDiscoveryOf(given: CliArguments): boolean | undefined {
  const text = textOption(given, 'email-discovery')
  if (text === undefined) return undefined
  if (text === 'on' || text === 'off') return text === 'on'
  throw new EntradaError('request_invalid', { parameter: 'settings.emailDiscovery' })
}

function printOrganization(
  { print }: CliContext,
  { values }: CliArguments,
  organization: OrganizationJson,
): ExitCode {
  if (values.json) {
    print(JSON.stringify(organization))
    return 0
  }
  const { id, name, slug, settings, createdAt } = organization
  print(`${id}  ${name}`)
  print(`  slug             ${slug}`)
  print(`  email discovery  ${settings.emailDiscovery ? 'on' : 'off'}`)
  print(`  created          ${createdAt}`)
  return 0
}
