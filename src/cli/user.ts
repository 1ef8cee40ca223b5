import type { UserJson } from '../api/resources/users.ts'
import { apiCommand } from './api-command.ts'
import { type CliArguments, type Command, pageOptions } from './command.ts'
import { notValid } from './command-failure.ts'
import { roleNames, tableLines } from './print-table.ts'

export const userCommands: readonly Command[] = [
  apiCommand({
    name: 'user list',
    summary: 'List users, newest first.',
    operation: 'listUsers',
    options: {
      ...pageOptions,
      search: {
        help: 'Part of a username, name or email; or a whole id, object id, tenant id or key.',
      },
    },
    columns: {
      ID: ({ id }) => id,
      USERNAME: ({ memberships: [first] }) => first?.username ?? null,
      NAME: ({ memberships: [first] }) => first?.displayName ?? null,
      STATUS: ({ status }) => status,
      ROLES: ({ memberships: [first] }) => roleNames(first?.roles),
      'LAST SIGN-IN': ({ memberships: [first] }) => first?.lastSignInAt ?? 'never',
    },
  }),
  apiCommand({
    name: 'user show',
    summary: 'Show one user with identities, memberships and roles.',
    operation: 'getUser',
    arguments: { ID: 'id' },
    check: checkUserId,
    lines: userLines,
  }),
  apiCommand({
    name: 'user create',
    summary: 'Create a user before the first sign-in, for "existing users only" or for linking.',
    operation: 'createUser',
    arguments: { USERNAME: 'username' },
    options: {
      organization: {
        sentAs: 'organizationId',
        help: "Organization of the user, by id; default: that of the environment's connection.",
      },
      person: {
        mayBeEmpty: true,
        help: 'Key of the person: SPACE/DIRECTORY/SUBJECT, or TENANT/OBJECT; in place of --tenant and --object.',
      },
      tenant: { sentAs: 'tid', mayBeEmpty: true, help: 'Entra tenant id of the person.' },
      object: { sentAs: 'oid', mayBeEmpty: true, help: 'Object id of the person in that tenant.' },
      name: { sentAs: 'displayName', mayBeEmpty: true, help: 'Display name.' },
      email: { mayBeEmpty: true, help: 'Email address; it never identifies the user.' },
    },
    lines: userLines,
  }),
  apiCommand({
    name: 'user disable',
    summary: 'Disable a user and end all their sessions.',
    operation: 'disableUser',
    arguments: { ID: 'id' },
    check: checkUserId,
    lines: userLines,
  }),
  apiCommand({
    name: 'user enable',
    summary: 'Enable a user again.',
    operation: 'enableUser',
    arguments: { ID: 'id' },
    check: checkUserId,
    lines: userLines,
  }),
]

/** Only an id names a user: a username is unique only within its organization. @throws {EntradaError} `request_invalid` */
function checkUserId({ positionals: [id = ''] }: CliArguments): void {
  if (id.startsWith('usr_')) return
  throw notValid(
    'ID',
    `ids of users start with usr_; this finds one: entrada user list --search ${JSON.stringify(id)}`,
  )
}

function userLines({ id, status, memberships, identities }: UserJson): readonly string[] {
  return [
    `${id}  ${status}`,
    ...memberships.flatMap(membershipLines),
    ...tableLines(
      {
        CLOUD: ({ cloud, space }) => cloud ?? space,
        TENANT: ({ directory }) => directory,
        OBJECT: ({ subject }) => subject,
      },
      identities,
    ),
  ]
}

function membershipLines(membership: UserJson['memberships'][number]): readonly string[] {
  const { organizationId, username, displayName, email, roles, lastSignInAt } = membership
  return [
    `  member of ${organizationId} as ${username}, last sign-in ${lastSignInAt ?? 'never'}`,
    ...(displayName ? [`    name   ${displayName}`] : []),
    ...(email
      ? [`    email  ${email.address} (${email.source}, ${email.proven ? 'proven' : 'not proven'})`]
      : []),
    ...roles.map(({ role, source }) => `    role   ${role} (${source})`),
  ]
}
