/**
 * The fields of a connection, one row each. Schemas and JSON of the API, `entrada apply`, the command line, pages, settings of the
 * environment, rights, the cache of identity providers and the reference are made of these rows. To add a field: its member in
 * `storage/records.ts`, a row here (or in the folder of the kind that alone has it, such as `entra/`), and its use. connection-field.ts
 * explains what a row contains.
 */
import * as v from 'valibot'
import { publicUrl } from '../protocol/public-url.ts'
import { strictObject } from '../protocol/strict-object.ts'
import { ORIGIN } from '../protocol/text-patterns.ts'
import type {
  ConnectionContact,
  ConnectionPolicies,
  ConnectionSettings,
  UnmatchedPolicy,
} from '../storage/records.ts'
import {
  type ConnectionField,
  type ConnectionFields,
  choiceOf,
  type FieldRecord,
  type HeadField,
  textOf,
  wholeNumberOf,
} from './connection-field.ts'
import { entraFields } from './entra/entra-fields.ts'
import { roleRule, shownRule } from './role-rule-schema.ts'
import { displayName, domainName, email, readBy, roleName } from './schema-parts.ts'

const origin = { pattern: ORIGIN, maxLength: 512 }

/** The record has one member `tenants`, and JSON has two of which one is `null`, so that a merge patch fits. */
type HeadName =
  | Exclude<keyof FieldRecord, 'tenants' | 'policies' | 'settings'>
  | 'tenant'
  | 'allowedTenantIds'

const head = {
  name: {
    ...textOf(displayName),
    shown: v.string(),
    part: 'name',
    toJson: ({ name }) => name,
    label: 'Name',
    help: 'Name of the connection; default: the name of its organization.',
    option: 'name',
    may: 'organization',
  },
  ...entraFields.connection,
  roleRules: {
    schema: v.pipe(v.array(roleRule), v.maxLength(1000)),
    shown: v.array(shownRule),
    part: 'roleRules',
    toJson: ({ roleRules }) => roleRules.map((rule) => ({ ...rule })),
    label: 'Role rules',
    help: 'Rules that map groups and app roles to roles. Each rule has a unique `id`; Entrada generates one if it is omitted.',
    may: 'organization',
    decidesAdmission: true,
  },
} as const satisfies Record<HeadName, HeadField>

type PlainPolicies = Omit<ConnectionPolicies, 'unmatched'>

const policies = {
  provisioning: {
    ...choiceOf({
      create: 'makes a user',
      existing: 'is for users created beforehand',
      off: 'is refused',
    }),
    default: 'create',
    label: 'First sign-in',
    hint: 'What happens when a user of the directory signs in for the first time.',
    help: '`create`: the first sign-in creates the user. `existing`: only users created beforehand can sign in. `off`: all first sign-ins are refused.',
    env: 'ENTRADA_ENTRA_PROVISIONING',
    libraryOption: 'policies.provisioning',
    option: 'provisioning',
    may: 'organization',
  },
  linking: {
    ...choiceOf({
      never: 'are never taken over',
      verified: 'are taken over when the address is proven',
    }),
    default: 'never',
    label: 'Users with the same email',
    hint: 'Whether a first sign-in may take over a user who was created beforehand.',
    help: 'Whether a first sign-in may take over a user created beforehand that has the same email: `never`, or `verified` when Entra vouches for the address and the person is a member of the pinned tenant.',
    env: 'ENTRADA_ENTRA_LINKING',
    libraryOption: 'policies.linking',
    option: 'linking',
    may: 'organization',
  },
  guests: entraFields.policies.guests,
  personalAccounts: entraFields.policies.personalAccounts,
  groupsOverage: entraFields.policies.groupsOverage,
  defaultRole: {
    ...textOf(roleName),
    environmentDefault: 'member',
    label: 'People whom no rule matches',
    unset: 'are refused',
    words: (role) => `get the role ${role}`,
    help: 'Role of users whom no rule matches. Without a default role they are refused.',
    option: 'default-role',
    may: 'organization',
    decidesAdmission: true,
    stored: {
      member: 'unmatched',
      toJson: (unmatched: UnmatchedPolicy) => (unmatched.kind === 'refuse' ? null : unmatched.role),
      toStored: (role: string | null): UnmatchedPolicy =>
        role === null ? { kind: 'refuse' } : { kind: 'default_role', role },
    },
  },
  signOutOfMicrosoft: entraFields.policies.signOutOfMicrosoft,
} as const satisfies {
  readonly [Name in keyof PlainPolicies]-?: ConnectionField<NonNullable<PlainPolicies[Name]>>
} & { readonly defaultRole: ConnectionField<string> }

/** What a test sign-in writes is no field. */
type SentSettings = Required<Omit<ConnectionSettings, 'tested'>>
type PlainSettings = Omit<SentSettings, 'contact' | 'groups'>

const settings = {
  contact: {
    schema: strictObject({ email: v.nullish(email) }),
    shown: v.nullable(strictObject({ email: v.nullable(v.string()) })),
    input: { kind: 'text' },
    text: {
      fromJson: (contact: ConnectionContact) => contact.email ?? '',
      toJson: (address) => ({ email: address }),
    },
    label: 'Contact',
    unset: 'none',
    help: 'Email address of a contact at the customer, for operators. Entrada sends no email to it.',
    option: 'contact',
    may: 'organization',
    stored: {
      toJson: (contact?: ConnectionContact) => (contact ? { email: contact.email ?? null } : null),
      toStored: (contact: { readonly email?: string | null } | null) =>
        contact?.email ? { email: contact.email } : undefined,
    },
  },
  groups: entraFields.settings.groups,
  emailDomains: {
    schema: v.pipe(v.array(domainName), v.minLength(1), v.maxLength(1000)),
    shown: v.nullable(v.array(v.string())),
    input: { kind: 'list' },
    label: 'Email domains',
    unset: 'any',
    words: (domains) => `only ${domains}`,
    hint: 'Only users with an email address in one of these domains may sign in; separated by commas. This is a filter, not a proof of the address.',
    help: 'Only users with an email address in one of these domains may sign in; subdomains are not included. Default: any. This is a filter, not a proof of the address.',
    option: 'email-domains',
    may: 'organization',
    decidesAdmission: true,
  },
  recheckMinutes: {
    ...wholeNumberOf({ from: 5, to: 1440, unit: 'of minutes' }),
    label: 'Sessions checked again',
    unset: 'never: users who are disabled in Entra stay signed in until their session ends',
    words: (minutes) => `every ${minutes} minutes`,
    hint: 'In minutes, from 5 to 1440. Users who were disabled in Entra are signed out, and groups and roles are updated.',
    help: 'How often sessions are checked with Entra again, in minutes from 5 to 1440: users who were disabled there are signed out, and groups and roles are updated. Without it, changes take effect only at the next sign-in. See docs/sessions.md.',
    env: 'ENTRADA_ENTRA_RECHECK_MINUTES',
    libraryOption: 'recheckMinutes',
    option: 'recheck-minutes',
    may: 'organization',
    makesNewProvider: true,
  },
  redirectOrigin: {
    ...textOf(readBy((address) => publicUrl(address).origin, origin)),
    label: 'Origin of the redirect URI',
    unset: 'the first address of this server',
    help: 'Origin of the redirect URI: one of the public addresses of this deployment. Default: the first.',
    option: 'redirect-origin',
    may: 'organization',
    offered: ({ publicUrls }) => publicUrls.map((url) => url.origin),
    offeredOnly: true,
  },
  tenantMayBeShared: entraFields.settings.tenantMayBeShared,
} as const satisfies {
  readonly [Name in keyof PlainSettings]: ConnectionField<PlainSettings[Name]>
} & { readonly contact: ConnectionField; readonly groups: ConnectionField }

/** Every field. A policy or setting of the record without a row here does not compile. */
export const connectionFields = {
  connection: head,
  policies,
  settings,
} as const satisfies ConnectionFields
