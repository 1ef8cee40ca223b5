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
      role: { type: 'string', help: 'Who hold this role.' },
      status: { type: 'string', help: 'active or disabled.' },
      search: { type: 'string', help: 'Part of a username, display name or email.' },
    },
    columns,
  }),
  apiCommand({
    name: 'membership disable',
    parameters: 'ID',
    summary:
      'Disable a membership: the user cannot sign in to that organization, and their sessions there end.',
    operation: 'disableMembership',
    arguments: ['id'],
    columns,
  }),
  apiCommand({
    name: 'membership enable',
    parameters: 'ID',
    summary: 'Let a person into an organization again.',
    operation: 'enableMembership',
    arguments: ['id'],
    columns,
  }),
  apiCommand({
    name: 'membership give-role',
    parameters: 'ID ROLE',
    summary: 'Give a role by hand, beside what rules give.',
    operation: 'giveRole',
    arguments: ['id', 'role'],
    columns,
  }),
  apiCommand({
    name: 'membership take-role',
    parameters: 'ID ROLE',
    summary: 'Take a role that was given by hand.',
    operation: 'takeRole',
    arguments: ['id', 'role'],
    columns,
  }),
]
