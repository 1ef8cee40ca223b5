import type { MembershipJson } from '../api/resources/memberships.ts'
import { apiCommand } from './api-command.ts'
import { type Command, ofOrganizationOption, ofUserOption, pageOptions } from './command.ts'
import { type Columns, roleNames } from './print-table.ts'

const columns: Columns<MembershipJson> = {
  ID: ({ id }) => id,
  ORGANIZATION: ({ organizationId }) => organizationId,
  USERNAME: ({ username }) => username,
  NAME: ({ displayName }) => displayName,
  STATUS: ({ status }) => status,
  ROLES: ({ roles }) => roleNames(roles),
  'LAST SIGN-IN': ({ lastSignInAt }) => lastSignInAt ?? 'never',
}

export const membershipCommands: readonly Command[] = [
  apiCommand({
    name: 'membership list',
    summary: 'List members of organizations with their roles, newest first.',
    operation: 'listMemberships',
    options: {
      ...pageOptions,
      ...ofOrganizationOption,
      ...ofUserOption,
      role: { help: 'Only members with this role.' },
      status: { help: 'active or disabled.' },
      search: { help: 'Part of a username, display name or email.' },
    },
    columns,
  }),
  apiCommand({
    name: 'membership disable',
    summary:
      'Disable a membership: the user cannot sign in to that organization, and their sessions there end.',
    operation: 'disableMembership',
    arguments: { ID: 'id' },
    columns,
  }),
  apiCommand({
    name: 'membership enable',
    summary: 'Enable a membership again.',
    operation: 'enableMembership',
    arguments: { ID: 'id' },
    columns,
  }),
  apiCommand({
    name: 'membership give-role',
    summary: 'Give a member a role, in addition to the roles that rules give.',
    operation: 'giveRole',
    arguments: { ID: 'id', ROLE: 'role' },
    columns,
  }),
  apiCommand({
    name: 'membership take-role',
    summary: 'Remove a role that was given with give-role.',
    operation: 'takeRole',
    arguments: { ID: 'id', ROLE: 'role' },
    columns,
  }),
]
