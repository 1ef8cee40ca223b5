import type { MembershipJson } from '../api/resources/memberships.ts'
import { withAdministration } from './admin-connection.ts'
import type { AdminConnection } from './api-connection.ts'
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

export const membershipCommands: readonly Command[] = [
  {
    name: 'membership list',
    summary: 'List members of organizations with their roles, newest first.',
    options: {
      ...common,
      ...listOptions,
      ...ofOrganizationOption,
      user: { type: 'string', help: 'Of this user id only.' },
      role: { type: 'string', help: 'Who hold this role.' },
      status: { type: 'string', help: 'active or disabled.' },
      search: { type: 'string', help: 'Part of a username, display name or email.' },
    },
    run: (context, given) =>
      withAdministration(context, given, async ({ call }) => {
        const query = {
          ...listQuery(given),
          organization: textOption(given, 'organization'),
          user: textOption(given, 'user'),
          role: textOption(given, 'role'),
          status: textOption(given, 'status') as MembershipJson['status'] | undefined, // the API says which there are
          search: textOption(given, 'search'),
        }
        const list = await call('listMemberships', { query })
        return printList(context, given, { list, header, row })
      }),
  },
  changeCommand(
    'disable',
    'Disable a membership: the user cannot sign in to that organization, and their sessions there end.',
    {
      change: ({ call }, { id }) => call('disableMembership', { params: { id } }),
    },
  ),
  changeCommand('enable', 'Let a person into an organization again.', {
    change: ({ call }, { id }) => call('enableMembership', { params: { id } }),
  }),
  changeCommand('give-role', 'Give a role by hand, beside what rules give.', {
    change: ({ call }, params) => call('giveRole', { params }),
    takesRole: true,
  }),
  changeCommand('take-role', 'Take a role that was given by hand.', {
    change: ({ call }, params) => call('takeRole', { params }),
    takesRole: true,
  }),
]

type Changing = {
  readonly change: (
    administration: AdminConnection,
    params: { readonly id: string; readonly role: string },
  ) => Promise<MembershipJson>
  readonly takesRole?: true
}

function changeCommand(verb: string, summary: string, { change, takesRole }: Changing): Command {
  return {
    name: `membership ${verb}`,
    parameters: takesRole ? 'ID ROLE' : 'ID',
    summary,
    options: common,
    positionals: takesRole ? 2 : 1,
    run: (context, given) =>
      withAdministration(context, given, async (administration) => {
        const [id = '', role = ''] = given.positionals
        return printMembership(context, given, await change(administration, { id, role }))
      }),
  }
}

const header = ['ID', 'ORGANIZATION', 'USERNAME', 'NAME', 'STATUS', 'ROLES', 'LAST SIGN-IN']

function row(membership: MembershipJson): string[] {
  const { id, organizationId, username, displayName, status, roles, lastSignInAt } = membership
  const names = [...new Set(roles.map(({ role }) => role))].join(',')
  return [
    id,
    organizationId,
    username,
    displayName ?? '-',
    status,
    names || '-',
    lastSignInAt ?? 'never',
  ]
}

function printMembership(
  context: CliContext,
  { values }: CliArguments,
  membership: MembershipJson,
): ExitCode {
  if (values.json) context.print(JSON.stringify(membership))
  else printTable(context, header, [row(membership)])
  return 0
}
