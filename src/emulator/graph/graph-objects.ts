import type { Group, User } from '../directory.ts'
import { hasScope } from '../scopes.ts'
import { type GraphExchange, isPermitted } from './graph-exchange.ts'

/** One property of Graph: its type, and whether `$filter` may name it. */
export type Property<Source> = {
  readonly type: 'string' | 'boolean' | 'date' | 'strings'
  readonly read: (source: Source) => unknown
  /** `advanced` means only with `ConsistencyLevel: eventual` and `$count=true`; absent means never. */
  readonly filter?: 'default' | 'advanced'
}

/** A type of directory object: its properties, and those that are sent without a `$select`. */
export type ObjectKind = {
  readonly type: 'user' | 'group'
  readonly properties: Readonly<Record<string, Pick<Property<never>, 'type' | 'filter'>>>
  readonly byDefault: readonly string[]
  /** The properties that `$orderby` may name. */
  readonly sortable: readonly string[]
}

/** A directory object with the values that this caller may read; the others are null. */
export type GraphObject = {
  readonly kind: ObjectKind
  readonly values: Readonly<Record<string, unknown>>
}

// The directory stores no such time; applications that print or compare it get one that never changes.
const CREATED = '2024-01-01T00:00:00Z'

const userProperties = {
  id: text((user) => user.id, 'default'),
  accountEnabled: flag((user) => user.accountEnabled, 'default'),
  ageGroup: absent('default'),
  businessPhones: { type: 'strings', read: (user) => user.businessPhones ?? [], filter: 'default' },
  city: text((user) => user.city, 'default'),
  companyName: text((user) => user.companyName, 'advanced'),
  country: text((user) => user.country, 'default'),
  createdDateTime: { type: 'date', read: () => CREATED, filter: 'default' },
  creationType: absent('default'),
  deletedDateTime: absent(),
  department: text((user) => user.department, 'default'),
  displayName: text((user) => user.displayName, 'default'),
  employeeId: text((user) => user.employeeId, 'default'),
  employeeType: absent('advanced'),
  externalUserState: text((user) => (user.kind === 'guest' ? 'Accepted' : undefined), 'default'),
  faxNumber: absent('advanced'),
  givenName: text((user) => user.givenName, 'default'),
  imAddresses: { type: 'strings', read: () => [], filter: 'default' },
  jobTitle: text((user) => user.jobTitle, 'default'),
  mail: text((user) => user.mail, 'default'),
  mailNickname: text((user) => user.userPrincipalName.split('@')[0], 'default'),
  mobilePhone: text((user) => user.mobilePhone, 'advanced'),
  officeLocation: text((user) => user.officeLocation, 'advanced'),
  onPremisesDistinguishedName: absent(),
  onPremisesDomainName: absent(),
  onPremisesImmutableId: absent('default'),
  onPremisesLastSyncDateTime: absent('default'),
  onPremisesSamAccountName: absent('advanced'),
  onPremisesSecurityIdentifier: absent('default'),
  onPremisesSyncEnabled: { type: 'boolean', read: () => null, filter: 'default' },
  onPremisesUserPrincipalName: absent(),
  otherMails: { type: 'strings', read: () => [], filter: 'default' },
  passwordPolicies: absent('advanced'),
  postalCode: text((user) => user.postalCode, 'advanced'),
  preferredLanguage: text((user) => user.preferredLanguage, 'advanced'),
  proxyAddresses: {
    type: 'strings',
    read: ({ mail }) => (mail === undefined ? [] : [`SMTP:${mail}`]),
    filter: 'default',
  },
  state: text((user) => user.state, 'default'),
  streetAddress: text((user) => user.streetAddress, 'advanced'),
  surname: text((user) => user.familyName, 'default'),
  usageLocation: text((user) => user.usageLocation, 'default'),
  userPrincipalName: text((user) => user.userPrincipalName, 'default'),
  userType: text(({ kind }) => (kind === 'guest' ? 'Guest' : 'Member'), 'default'),
} as const satisfies Readonly<Record<string, Property<User>>>

const groupProperties = {
  id: groupText((group) => group.id, 'default'),
  classification: groupAbsent(),
  createdDateTime: { type: 'date', read: () => CREATED, filter: 'default' },
  deletedDateTime: groupAbsent(),
  description: groupText((group) => group.description, 'default'),
  displayName: groupText((group) => group.displayName, 'default'),
  expirationDateTime: groupAbsent('default'),
  groupTypes: { type: 'strings', read: (group) => group.groupTypes, filter: 'default' },
  isAssignableToRole: { type: 'boolean', read: () => null, filter: 'default' },
  mail: groupText((group) => group.mail, 'default'),
  mailEnabled: { type: 'boolean', read: isMailEnabled, filter: 'default' },
  mailNickname: groupText(({ displayName }) => displayName.replaceAll(/[^\w-]/g, ''), 'default'),
  membershipRule: groupAbsent(),
  onPremisesLastSyncDateTime: groupAbsent('default'),
  onPremisesSamAccountName: groupAbsent('advanced'),
  onPremisesSecurityIdentifier: groupAbsent('default'),
  onPremisesSyncEnabled: { type: 'boolean', read: () => null, filter: 'default' },
  preferredLanguage: groupAbsent('default'),
  proxyAddresses: {
    type: 'strings',
    read: ({ mail }) => (mail === undefined ? [] : [`SMTP:${mail}`]),
    filter: 'default',
  },
  renewedDateTime: { type: 'date', read: () => CREATED, filter: 'default' },
  securityEnabled: { type: 'boolean', read: (group) => group.securityEnabled, filter: 'default' },
  visibility: groupAbsent(),
} as const satisfies Readonly<Record<string, Property<Group>>>

export const userKind: ObjectKind = {
  type: 'user',
  properties: userProperties,
  byDefault: [
    'businessPhones',
    'displayName',
    'givenName',
    'jobTitle',
    'mail',
    'mobilePhone',
    'officeLocation',
    'preferredLanguage',
    'surname',
    'userPrincipalName',
    'id',
  ],
  sortable: ['displayName', 'userPrincipalName', 'createdDateTime'],
}

export const groupKind: ObjectKind = {
  type: 'group',
  properties: groupProperties,
  byDefault: Object.keys(groupProperties),
  sortable: ['displayName'],
}

/** Returns a person as this caller sees them: everything, the basic profile, or only the id. */
export function userObject(exchange: GraphExchange, user: User): GraphObject {
  const values = read(userProperties, user)
  if (isPermitted(exchange, { delegated: fullProfile, application: fullProfile })) {
    return { kind: userKind, values }
  }
  const { token, caller } = exchange
  const isSelf =
    caller?.user.id === user.id && hasScope(token.scopes, 'User.Read', 'User.ReadWrite')
  if (isSelf) return { kind: userKind, values }
  const isBasic = hasScope(token.scopes, 'User.ReadBasic.All')
  return { kind: userKind, values: onlyWith(values, isBasic ? basicProfile : ['id']) }
}

/** Returns a group as this caller sees it: everything, or only the id. */
export function groupObject(exchange: GraphExchange, group: Group): GraphObject {
  const values = read(groupProperties, group)
  const mayRead = isPermitted(exchange, { delegated: groupReaders, application: groupReaders })
  return { kind: groupKind, values: mayRead ? values : onlyWith(values, ['id']) }
}

const fullProfile = [
  'User.Read.All',
  'User.ReadWrite.All',
  'Directory.Read.All',
  'Directory.ReadWrite.All',
]
const basicProfile = ['id', 'displayName', 'givenName', 'surname', 'mail', 'userPrincipalName']

/** The permissions with which all of a group can be read. */
export const groupReaders: readonly string[] = [
  'GroupMember.Read.All',
  'Group.Read.All',
  'Group.ReadWrite.All',
  'Directory.Read.All',
  'Directory.ReadWrite.All',
]

function read<Source>(
  properties: Readonly<Record<string, Property<Source>>>,
  source: Source,
): Readonly<Record<string, unknown>> {
  const entries = Object.entries(properties)
  return Object.fromEntries(
    entries.map(([name, property]) => [name, property.read(source) ?? null]),
  )
}

/** Graph sends `null` for a property that the caller may not read, and still sends the object. */
function onlyWith(
  values: Readonly<Record<string, unknown>>,
  names: readonly string[],
): Readonly<Record<string, unknown>> {
  const entries = Object.entries(values)
  return Object.fromEntries(
    entries.map(([name, value]) => [name, names.includes(name) ? value : null]),
  )
}

function isMailEnabled({ mail, securityEnabled, groupTypes }: Group): boolean {
  return mail !== undefined || !securityEnabled || groupTypes.includes('Unified')
}

type Filter = 'default' | 'advanced'

function text(read: Property<User>['read'], filter: Filter): Property<User> {
  return { type: 'string', read, filter }
}

function flag(read: Property<User>['read'], filter: Filter): Property<User> {
  return { type: 'boolean', read, filter }
}

/** A property that Graph has and this directory does not; it is null for every object. */
function absent(filter?: Filter): Property<User> {
  return { type: 'string', read: () => null, ...(filter === undefined ? {} : { filter }) }
}

function groupText(read: Property<Group>['read'], filter: Filter): Property<Group> {
  return { type: 'string', read, filter }
}

function groupAbsent(filter?: Filter): Property<Group> {
  return { type: 'string', read: () => null, ...(filter === undefined ? {} : { filter }) }
}
