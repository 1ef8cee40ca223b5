/**
 * The fields of a connection, one row each. Schemas and JSON of the API, `entrada apply`, the command line, pages, settings of the
 * environment, rights, the cache of identity providers and the reference are made of these rows. To add a field: its member in
 * `storage/records.ts`, a row here, and its use. connection-field.ts explains what a row contains.
 */
import * as v from 'valibot'
import {
  authority,
  clientId,
  tenant,
} from '../identity-provider/entra/protocol/registration-values.ts'
import { PERSONAL_ACCOUNTS_TENANT_ID } from '../protocol/guid.ts'
import { publicUrl } from '../protocol/public-url.ts'
import { strictObject } from '../protocol/strict-object.ts'
import { anyCase, GUID, ORIGIN, TENANT } from '../protocol/text-patterns.ts'
import type {
  ConnectionContact,
  ConnectionPolicies,
  ConnectionSettings,
  GroupSource,
  TenantPinning,
  UnmatchedPolicy,
} from '../storage/records.ts'
import {
  type ConnectionField,
  type ConnectionFields,
  choiceOf,
  type FieldRecord,
  type HeadField,
  switchOf,
  textOf,
  wholeNumberOf,
} from './connection-field.ts'
import { withoutNull } from './page-json.ts'
import { roleRule, shownRule } from './role-rule-schema.ts'
import { displayName, domainName, email, guid, readBy, roleName } from './schema-parts.ts'

const origin = { pattern: ORIGIN, maxLength: 512 }
const oneTenant = {
  pattern: TENANT,
  maxLength: 253,
  not: { pattern: anyCase([PERSONAL_ACCOUNTS_TENANT_ID]).source },
}

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
  authority: {
    ...textOf(readBy((address) => authority(address).origin, origin)),
    shown: v.string(),
    part: 'authority',
    toJson: (connection) => connection.authority,
    label: 'Authority',
    help: 'The address of Entra where users sign in, such as https://login.microsoftonline.us or https://NAME.ciamlogin.com. Only operators may enter others than those of Microsoft’s clouds and of the deployment. Default: the authority of the deployment.',
    option: 'authority',
    may: 'operator',
    offered: ({ authorities }) => authorities,
    makesNewProvider: true,
    identifies: true,
    verifiesAnswers: true,
    askedAtSetUpAs: 'cloud',
  },
  tenant: {
    ...textOf(readBy(tenant, oneTenant)),
    part: 'tenants',
    toJson: ({ tenants }) => (tenants.kind === 'pinned' ? tenants.tenant : null),
    label: 'Tenant',
    unset: 'none yet',
    help: 'The only directory that is accepted: its tenant id, or one of its domains.',
    option: 'tenant',
    may: 'organization',
    makesNewProvider: true,
    identifies: true,
    decidesAdmission: true,
    askedAtSetUpAs: 'directory',
  },
  allowedTenantIds: {
    schema: v.pipe(v.array(guid), v.maxLength(1000)),
    shown: v.nullable(v.array(v.string())),
    input: { kind: 'list' },
    part: 'tenants',
    toJson: ({ tenants }) => allowedTenantIds(tenants),
    label: 'Allowed tenants',
    unset: 'none',
    hint: 'Instead of one tenant: tenant ids, separated by commas.',
    help: 'Accept these directories, instead of one `tenant`.',
    option: 'allowed-tenant-ids',
    may: 'organization',
    makesNewProvider: true,
    identifies: true,
    decidesAdmission: true,
  },
  application: {
    ...choiceOf({ own: 'its own', shared: 'shared by all customers' }),
    default: 'own',
    part: 'application',
    toJson: ({ application }) => application,
    label: 'Application',
    hint: 'Its own registration in Entra, or the one that customers of this deployment share.',
    help: 'The app registration in Entra: `own`, or the `shared` one of this deployment. Only operators may change it.',
    option: 'application',
    may: 'operator',
    makesNewProvider: true,
    identifies: true,
    verifiesAnswers: true,
  },
  clientId: {
    ...textOf(readBy(clientId, { pattern: GUID, maxLength: 36, format: 'uuid' })),
    part: 'clientId',
    toJson: (connection) => connection.clientId || null,
    label: 'Client id',
    unset: 'none yet',
    help: 'Application (client) id of the registration in Entra.',
    option: 'client-id',
    may: 'organization',
    makesNewProvider: true,
    identifies: true,
    verifiesAnswers: true,
    askedAtSetUpAs: 'client_id',
  },
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

/** A draft has no directory until one is set, and admits none. */
function allowedTenantIds(tenants: TenantPinning): string[] | null {
  return tenants.kind === 'allow_list' && tenants.tenantIds.length > 0
    ? [...tenants.tenantIds]
    : null
}

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
  guests: {
    ...choiceOf({ refuse: 'are refused', allow: 'may sign in' }),
    default: 'refuse',
    label: 'Guests of the directory',
    hint: 'People whose account belongs to another directory (B2B).',
    help: 'Whether guests (B2B) of the directory may sign in.',
    env: 'ENTRADA_ENTRA_GUESTS',
    libraryOption: 'policies.guests',
    option: 'guests',
    may: 'organization',
    decidesAdmission: true,
  },
  personalAccounts: {
    ...choiceOf({ refuse: 'are refused', allow: 'may sign in' }),
    default: 'refuse',
    label: 'Personal Microsoft accounts',
    hint: 'Accounts without an organization behind them.',
    help: 'Whether personal Microsoft accounts may sign in.',
    libraryOption: 'policies.personalAccounts',
    option: 'personal-accounts',
    may: 'organization',
    makesNewProvider: true,
    decidesAdmission: true,
  },
  groupsOverage: {
    ...choiceOf({
      refuse: 'refuse the sign-in',
      keep_last: 'leave the last known groups',
      graph: 'are read from Microsoft Graph',
      graph_or_keep_last: 'are read from Graph, or leave the last known groups while it is away',
    }),
    default: 'graph',
    environmentDefault: 'refuse',
    label: 'More groups than fit into the token',
    hint: 'Missing groups are not "no groups".',
    help: 'What happens when a user is in more groups than fit into the token. `refuse`: refuse the sign-in if role rules need groups. `keep_last`: use the last known groups. `graph`: read the groups from Microsoft Graph, and refuse the sign-in if that fails. `graph_or_keep_last`: read them from Graph, and use the last known groups if that fails. See docs/groups.md.',
    env: 'ENTRADA_ENTRA_GROUPS_OVERAGE',
    libraryOption: 'policies.groupsOverage',
    option: 'groups-overage',
    may: 'organization',
    makesNewProvider: true,
  },
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
  signOutOfMicrosoft: {
    ...switchOf({
      off: 'ends the session here',
      on: 'ends the session at Microsoft as well',
    }),
    default: false,
    label: 'Sign out',
    hint: 'The page always offers both.',
    help: 'Whether "Sign out" also ends the session at Microsoft. The page always offers both.',
    env: 'ENTRADA_ENTRA_SIGN_OUT',
    envWords: { local: false, microsoft: true },
    libraryOption: 'policies.signOutOfMicrosoft',
    option: 'sign-out-of-microsoft',
    may: 'organization',
  },
} as const satisfies {
  readonly [Name in keyof PlainPolicies]-?: ConnectionField<NonNullable<PlainPolicies[Name]>>
} & { readonly defaultRole: ConnectionField<string> }

/** What a test sign-in writes is no field. */
type SentSettings = Required<Omit<ConnectionSettings, 'tested'>>
type PlainSettings = Omit<SentSettings, 'contact' | 'groups'>

const groups = { from: v.picklist(['claim', 'graph']), nested: v.boolean(), names: v.boolean() }
const fromClaim: GroupSource = { from: 'claim', nested: true, names: false }
const fromGraph: GroupSource = { from: 'graph', nested: true, names: false }

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
  groups: {
    schema: strictObject({
      from: v.nullish(groups.from),
      nested: v.nullish(groups.nested),
      names: v.nullish(groups.names),
    }),
    shown: v.nullable(strictObject(groups)),
    input: {
      kind: 'choice',
      choices: [
        { text: 'claim', words: 'from the token', value: null },
        { text: 'claim', words: 'from the token', value: fromClaim },
        { text: 'graph', words: 'always from Microsoft Graph', value: fromGraph },
        {
          text: 'graph_direct',
          words: 'from Graph, without groups that hold groups',
          value: { ...fromGraph, nested: false },
        },
        {
          text: 'graph_names',
          words: 'from Graph, with their names',
          value: { ...fromGraph, names: true },
        },
      ],
    },
    label: 'Groups come',
    unset: 'from the token',
    hint: 'Microsoft Graph also knows groups that do not fit into the token.',
    help: 'The source of groups. `claim`: the token. `graph`: always Microsoft Graph, including groups that contain a group of the user. `graph_direct`: Graph, only groups of which the user is a direct member. `graph_names`: as `graph`, and also reads the names of the groups, for display; this needs the permission `GroupMember.Read.All`.',
    env: 'ENTRADA_ENTRA_GROUPS_FROM',
    envHelp:
      'The source of groups. `claim`: the token. `graph`: always Microsoft Graph, including groups that contain a group of the user. `graph_direct`: Graph, only groups of which the user is a direct member.',
    envWords: {
      claim: undefined,
      graph: fromGraph,
      graph_direct: { ...fromGraph, nested: false },
    },
    libraryOption: 'groups',
    option: 'groups',
    may: 'organization',
    makesNewProvider: true,
    stored: {
      toJson: (source?: GroupSource) => (source ? { ...source } : null),
      toStored: (
        source: { readonly [Name in keyof GroupSource]?: GroupSource[Name] | null } | null,
      ) => (source ? { ...fromClaim, ...withoutNull(source) } : undefined),
    },
  },
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
  tenantMayBeShared: {
    ...switchOf({ off: 'is one connection’s alone', on: 'may have other connections too' }),
    default: false,
    label: 'Tenant of the shared application',
    hint: 'The tenant may have another connection of the shared application that is on.',
    help: 'Whether the tenant may have another connection of the shared application that is on. Only operators may change it.',
    appliesTo: ({ application }) => application === 'shared',
    option: 'tenant-may-be-shared',
    may: 'operator',
  },
} as const satisfies {
  readonly [Name in keyof PlainSettings]: ConnectionField<PlainSettings[Name]>
} & { readonly contact: ConnectionField; readonly groups: ConnectionField }

/** Every field. A policy or setting of the record without a row here does not compile. */
export const connectionFields = {
  connection: head,
  policies,
  settings,
} as const satisfies ConnectionFields
