/**
 * The fields that only connections to Entra have, a row each. The table of all fields, `connection-fields.ts`, takes them in its own order;
 * `connection-field.ts` explains what a row contains.
 */
import * as v from 'valibot'
import {
  authority,
  clientId,
  tenant,
} from '../../identity-provider/entra/protocol/registration-values.ts'
import { PERSONAL_ACCOUNTS_TENANT_ID } from '../../protocol/guid.ts'
import { strictObject } from '../../protocol/strict-object.ts'
import { anyCase, GUID, ORIGIN, TENANT } from '../../protocol/text-patterns.ts'
import type { GroupSource, TenantPinning } from '../../storage/records.ts'
import {
  type ConnectionField,
  choiceOf,
  type HeadField,
  ofKind,
  switchOf,
  textOf,
} from '../connection-field.ts'
import { withoutNull } from '../page-json.ts'
import { guid, readBy } from '../schema-parts.ts'

const origin = { pattern: ORIGIN, maxLength: 512 }
const oneTenant = {
  pattern: TENANT,
  maxLength: 253,
  not: { pattern: anyCase([PERSONAL_ACCOUNTS_TENANT_ID]).source },
}

const connection = {
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
} as const satisfies Readonly<Record<string, HeadField>>

/** A draft has no directory until one is set, and admits none. */
function allowedTenantIds(tenants: TenantPinning): string[] | null {
  return tenants.kind === 'allow_list' && tenants.tenantIds.length > 0
    ? [...tenants.tenantIds]
    : null
}

const policies = {
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
} as const satisfies Readonly<Record<string, ConnectionField>>

const groups = { from: v.picklist(['claim', 'graph']), nested: v.boolean(), names: v.boolean() }
const fromClaim: GroupSource = { from: 'claim', nested: true, names: false }
const fromGraph: GroupSource = { from: 'graph', nested: true, names: false }

const settings = {
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
} as const satisfies Readonly<Record<string, ConnectionField>>

export const entraFields = {
  connection: ofKind('entra', connection),
  policies: ofKind('entra', policies),
  settings: ofKind('entra', settings),
} as const
