import type { UserJson } from '../api/resources/users.ts'
import { EntradaError } from '../errors/errors.ts'
import { withAdministration } from './admin-connection.ts'
import {
  type CliArguments,
  type CliContext,
  type Command,
  devOption,
  jsonOption,
  textOption,
} from './command.ts'
import { listOptions, listQuery, printList, printTable } from './print-table.ts'

const common = { ...jsonOption, ...devOption }

export const userCommands: readonly Command[] = [
  {
    name: 'user list',
    summary: 'List users, newest first.',
    options: {
      ...common,
      ...listOptions,
      search: {
        type: 'string',
        help: 'Part of a username, name or email; or a whole id, object id or tenant id.',
      },
    },
    run: (context, given) =>
      withAdministration(context, given, async ({ listUsers }) => {
        const users = await listUsers({ ...listQuery(given), search: textOption(given, 'search') })
        return printList(context, given, { list: users, header: userHeader, row: userRow })
      }),
  },
  {
    name: 'user show',
    parameters: 'ID',
    summary: 'Show one user with identities, memberships and roles.',
    options: common,
    positionals: 1,
    async run(context, given) {
      const id = userIdOf(given)
      return withAdministration(context, given, async ({ getUser }) => {
        printUser(context, await getUser(id), given.values.json === true)
        return 0
      })
    },
  },
  {
    name: 'user create',
    parameters: 'USERNAME',
    summary: 'Create a user beforehand, for "existing users only" or for linking.',
    options: {
      ...common,
      organization: {
        type: 'string',
        sentAs: 'organizationId',
        help: "Whose member, by id; default: that of the environment's connection.",
      },
      tenant: { type: 'string', sentAs: 'tid', help: 'Entra tenant id of the person.' },
      object: { type: 'string', sentAs: 'oid', help: 'Object id of the person in that tenant.' },
      name: { type: 'string', sentAs: 'displayName', help: 'Display name.' },
      email: { type: 'string', help: 'Email address; never proof of who somebody is.' },
    },
    positionals: 1,
    run: (context, given) =>
      withAdministration(context, given, async ({ createUser }) => {
        const organizationId = textOption(given, 'organization')
        const [tid, oid] = [textOption(given, 'tenant'), textOption(given, 'object')]
        const [displayName, email] = [textOption(given, 'name'), textOption(given, 'email')]
        const user = await createUser({
          username: given.positionals[0] ?? '',
          ...(organizationId ? { organizationId } : {}),
          ...(tid ? { tid } : {}),
          ...(oid ? { oid } : {}),
          ...(displayName ? { displayName } : {}),
          ...(email ? { email } : {}),
        })
        printUser(context, user, given.values.json === true)
        return 0
      }),
  },
  changeCommand('disable', 'Disable a user and end all their sessions.'),
  changeCommand('enable', 'Enable a user again.'),
]

function changeCommand(verb: 'disable' | 'enable', summary: string): Command {
  return {
    name: `user ${verb}`,
    parameters: 'ID',
    summary,
    options: common,
    positionals: 1,
    async run(context, given) {
      const id = userIdOf(given)
      return withAdministration(context, given, async ({ disableUser, enableUser }) => {
        const user = await (verb === 'disable' ? disableUser(id) : enableUser(id))
        printUser(context, user, given.values.json === true)
        return 0
      })
    },
  }
}

/** Usernames are one organization's each; an id is one person's. @throws {EntradaError} `request_invalid` */
function userIdOf({ positionals: [id = ''] }: CliArguments): string {
  if (id.startsWith('usr_')) return id
  throw new EntradaError('request_invalid', {
    parameter: 'ID',
    problems: [
      `ids of users start with usr_; this finds one: entrada user list --search ${JSON.stringify(id)}`,
    ],
  })
}

const userHeader = ['ID', 'USERNAME', 'NAME', 'STATUS', 'ROLES', 'LAST SIGN-IN']

function userRow({ id, status, memberships }: UserJson): string[] {
  const [membership] = memberships
  const roles = [...new Set(membership?.roles.map(({ role }) => role))].join(',')
  return [
    id,
    membership?.username ?? '-',
    membership?.displayName ?? '-',
    status,
    roles || '-',
    membership?.lastSignInAt ?? 'never',
  ]
}

function printUser(context: CliContext, user: UserJson, json: boolean): void {
  const { print } = context
  if (json) {
    print(JSON.stringify(user))
    return
  }
  print(`${user.id}  ${user.status}`)
  for (const {
    username,
    displayName,
    email,
    roles,
    organizationId,
    lastSignInAt,
  } of user.memberships) {
    print(`  member of ${organizationId} as ${username}, last sign-in ${lastSignInAt ?? 'never'}`)
    if (displayName) print(`    name   ${displayName}`)
    if (email)
      print(
        `    email  ${email.address} (${email.source}, ${email.proven ? 'proven' : 'not proven'})`,
      )
    for (const { role, source } of roles) print(`    role   ${role} (${source})`)
  }
  printTable(
    context,
    ['CLOUD', 'TENANT', 'OBJECT'],
    user.identities.map(({ cloud, tid, oid }) => [cloud, tid, oid]),
  )
}
