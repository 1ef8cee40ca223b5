/** The rights of callers of the API, one row each. API keys list them by name; a role of a membership has the rights whose row names it. */
import {
  ORGANIZATION_ADMIN,
  type OrganizationRole,
  organizationRoles,
} from '../storage/organization-roles.ts'

export type ScopeRow = {
  readonly means: string
  /** `organization`: it can be limited to one organization, for a key or a member. */
  readonly within: 'organization' | 'deployment'
  /** Roles of a membership that have the right in their own organization. */
  readonly roles: readonly OrganizationRole[]
}
export type Scope = keyof typeof scopeTable

const admin = [ORGANIZATION_ADMIN] as const
const both = organizationRoles

export const scopeTable = {
  'organizations:read': {
    means: 'Read organizations and their settings.',
    within: 'organization',
    roles: both,
  },
  'organizations:write': {
    means: 'Create and change organizations.',
    within: 'deployment',
    roles: [],
  },
  'sso:write': {
    means: 'Require single sign-on through one connection for an organization, and lift it.',
    within: 'organization',
    roles: admin,
  },
  'connections:read': {
    means: 'Read connections. Secrets are never shown.',
    within: 'organization',
    roles: both,
  },
  'connections:write': {
    means: 'Create and change connections, their credentials, policies and role rules.',
    within: 'organization',
    roles: admin,
  },
  'domains:read': {
    means: 'Read the domains of an organization and what proves them.',
    within: 'organization',
    roles: both,
  },
  'domains:write': {
    means: 'Name domains, have them looked up in DNS, and take them away.',
    within: 'organization',
    roles: admin,
  },
  'domains:vouch': {
    means: 'Take a domain for an organization’s without DNS.',
    within: 'deployment',
    roles: [],
  },
  'memberships:read': {
    means: 'Read the members of an organization and their roles.',
    within: 'organization',
    roles: both,
  },
  'memberships:write': {
    means: 'Disable and enable members, give and take roles by hand.',
    within: 'organization',
    roles: admin,
  },
  'users:read': {
    means: 'Read users with all their identities and memberships.',
    within: 'deployment',
    roles: [],
  },
  'users:write': {
    means: 'Create users beforehand, disable and enable them.',
    within: 'deployment',
    roles: [],
  },
  'sessions:read': { means: 'Read live sessions.', within: 'organization', roles: both },
  'sessions:write': { means: 'End sessions.', within: 'organization', roles: admin },
  'audit:read': { means: 'Read audit events.', within: 'organization', roles: both },
  'api-keys:read': {
    means: 'Read keys for the API. The keys themselves are never shown.',
    within: 'deployment',
    roles: [],
  },
  'api-keys:write': {
    means: 'Make keys for the API, with no more rights than the maker has, and revoke them.',
    within: 'deployment',
    roles: [],
  },
  'audit-chain:read': {
    means: 'Verify the audit trail.',
    within: 'deployment',
    roles: [],
  },
  'audit-chain:write': {
    means: 'Begin the audit chain anew.',
    within: 'deployment',
    roles: [],
  },
  'organizations:export': {
    means: 'Export everything that is kept of an organization.',
    within: 'organization',
    roles: admin,
  },
  'webhooks:read': {
    means: 'Read webhooks and their deliveries.',
    within: 'organization',
    roles: both,
  },
  'webhooks:write': {
    means: 'Create, change and remove webhooks.',
    within: 'organization',
    roles: [],
  },
  'sign-ins:read': {
    means: 'Read sign-ins step by step.',
    within: 'organization',
    roles: both,
  },
} as const satisfies Record<string, ScopeRow>

export const scopes = Object.keys(scopeTable) as readonly Scope[] // keys of the table
