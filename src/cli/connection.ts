import type { Asked } from '../client/operation-types.ts'
import type { ConnectionJson } from '../connections/connection-schema.ts'
import { withAdministration } from './admin-connection.ts'
import {
  type CliArguments,
  type CliContext,
  type Command,
  devOption,
  type ExitCode,
  jsonOption,
  ofOrganizationOption,
  textOption,
} from './command.ts'
import { listOptions, listQuery, printList, printTable } from './print-table.ts'

const common = { ...jsonOption, ...devOption }

/** What can be said of a connection in words; the rest goes through the API or `entrada apply`. */
export const connectionOptions = {
  name: { type: 'string', help: 'What it is called.' },
  tenant: {
    type: 'string',
    help: 'The one directory that is accepted: tenant id, or a domain of it.',
  },
  authority: {
    type: 'string',
    help: 'Where people sign in, if that is not where the deployment has it: https://login.microsoftonline.us, https://NAME.ciamlogin.com (External ID) …',
  },
  'client-id': {
    type: 'string',
    sentAs: 'clientId',
    help: 'Application (client) id of the registration in Entra.',
  },
  'default-role': {
    type: 'string',
    sentAs: 'policies.defaultRole',
    help: 'Role of people whom no rule matches; `none`: they are refused.',
  },
  guests: { type: 'string', sentAs: 'policies.guests', help: 'refuse or allow.' },
  provisioning: {
    type: 'string',
    sentAs: 'policies.provisioning',
    help: 'create, existing or off.',
  },
} as const

type Change = Asked<'changeConnection'>['body']

/** What the options say, as the API takes it. Words that are not right are refused there, with every other problem. */
export function connectionChange(given: CliArguments): Change {
  const text = (option: string) => textOption(given, option)
  const role = text('default-role')
  const policies = {
    ...(role === undefined ? {} : { defaultRole: role === 'none' ? null : role }),
    ...said('guests', text('guests')),
    ...said('provisioning', text('provisioning')),
  }
  return {
    ...said('name', text('name')),
    ...said('tenant', text('tenant')),
    ...said('authority', text('authority')),
    ...said('clientId', text('client-id')),
    ...(Object.keys(policies).length > 0 ? { policies } : {}),
  } as Change // the API says which words there are
}

function said(name: string, value: string | undefined): Readonly<Record<string, string>> {
  return value === undefined ? {} : { [name]: value }
}

export const connectionCommands: readonly Command[] = [
  {
    name: 'connection list',
    summary: 'List connections, newest first.',
    options: {
      ...common,
      ...listOptions,
      ...ofOrganizationOption,
      status: { type: 'string', help: 'draft, on or off.' },
      search: {
        type: 'string',
        help: 'Part of a name or slug; or a whole id, client id or tenant.',
      },
      'ending-before': {
        type: 'string',
        sentAs: 'credentials_end_before',
        help: 'Whose last active credential ends before this time.',
      },
      failing: { type: 'boolean', help: 'Whose sign-ins fail since their last success.' },
    },
    run: (context, given) =>
      withAdministration(context, given, async ({ call }) => {
        const query = {
          ...listQuery(given),
          organization: textOption(given, 'organization'),
          status: textOption(given, 'status') as ConnectionJson['status'] | undefined, // the API says which there are
          search: textOption(given, 'search'),
          credentials_end_before: textOption(given, 'ending-before'),
          failing: given.values.failing ? ('true' as const) : undefined,
        }
        const list = await call('listConnections', { query })
        return printList(context, given, { list, header, row })
      }),
  },
  {
    name: 'connection show',
    parameters: 'ID',
    summary: 'Show one connection, and what to register in Entra for it.',
    options: common,
    positionals: 1,
    run: (context, given) =>
      withAdministration(context, given, async ({ call }) => {
        const [id = ''] = given.positionals
        return printConnection(context, given, await call('getConnection', { params: { id } }))
      }),
  },
  {
    name: 'connection change',
    parameters: 'ID',
    summary: 'Change a connection; id and slug never change.',
    options: { ...common, ...connectionOptions },
    positionals: 1,
    run: (context, given) =>
      withAdministration(context, given, async ({ call }) => {
        const [id = ''] = given.positionals
        const changed = await call('changeConnection', {
          params: { id },
          body: connectionChange(given),
        })
        return printConnection(context, given, changed)
      }),
  },
  turnCommand('on', 'Let people sign in through it, once a test sign-in succeeded.'),
  turnCommand('off', 'Let nobody in through it any more; who is signed in stays so.'),
]

function turnCommand(to: 'on' | 'off', summary: string): Command {
  return {
    name: `connection turn-${to}`,
    parameters: 'ID',
    summary,
    options: common,
    positionals: 1,
    run: (context, given) =>
      withAdministration(context, given, async ({ call }) => {
        const [id = ''] = given.positionals
        const verb = to === 'on' ? 'turnConnectionOn' : 'turnConnectionOff'
        return printConnection(context, given, await call(verb, { params: { id } }))
      }),
  }
}

const header = ['ID', 'ORGANIZATION', 'SLUG', 'NAME', 'STATUS', 'DIRECTORY', 'CREDENTIAL ENDS']

function row(connection: ConnectionJson): string[] {
  const { id, organizationId, slug, name, status } = connection
  return [id, organizationId, slug, name, status, directoryOf(connection), endOf(connection)]
}

function directoryOf({ tenant, allowedTenantIds }: ConnectionJson): string {
  return tenant ?? allowedTenantIds?.join(',') ?? '-'
}

/** The last one counts: as long as one works, people get in. */
function endOf({ credentials }: ConnectionJson): string {
  const active = credentials.filter(({ state }) => state === 'active')
  if (active.length === 0) return 'none'
  const ends = active.map(({ expiresAt }) => expiresAt)
  return ends.includes(null) ? 'unknown' : (ends.sort().at(-1) ?? 'unknown')
}

export function printConnection(
  context: CliContext,
  { values }: CliArguments,
  connection: ConnectionJson,
): ExitCode {
  const { print } = context
  if (values.json) {
    print(JSON.stringify(connection))
    return 0
  }
  const { id, name, slug, status, managedBy, tested, clientId, policies, addresses } = connection
  print(`${id}  ${name}`)
  for (const [what, said] of [
    ['status', `${status}${tested ? '' : ', not tested as it is now'}`],
    ['organization', connection.organizationId],
    ['slug', slug],
    ['managed by', managedBy],
    ['directory', directoryOf(connection)],
    ['client id', clientId ?? '-'],
    ['provisioning', policies.provisioning],
    ['guests', policies.guests],
    ['no rule matches', policies.defaultRole ? `role ${policies.defaultRole}` : 'refused'],
    ['redirect URI', addresses.redirectUri],
    ['home page URL', addresses.login],
    ['front-channel', addresses.frontChannelLogout],
  ] as const) {
    print(`  ${what.padEnd(15)}  ${said}`)
  }
  for (const { id, match, value, role } of connection.roleRules) {
    print(`  rule ${id}: ${match} ${value} gives ${role}`)
  }
  printCredentials(context, connection.credentials)
  return 0
}

export function printCredentials(
  context: CliContext,
  credentials: ConnectionJson['credentials'],
): void {
  if (credentials.length === 0) return
  printTable(
    context,
    ['CREDENTIAL', 'KIND', 'STATE', 'ENDS', 'CREATED'],
    credentials.map(({ id, kind, state, expiresAt, createdAt }) => [
      id,
      kind,
      state,
      expiresAt ?? 'unknown',
      createdAt,
    ]),
  )
}
