/** A person and a connection as a test needs them: everything in order, until the test changes one thing. */

import type { Exchange } from '../../src/http/exchange.ts'
import type { VerifiedIdentity } from '../../src/identity-provider/identity-provider.ts'
import type { Services } from '../../src/services.ts'
import type {
  Connection,
  ConnectionPolicies,
  Membership,
  PersonKey,
} from '../../src/storage/records.ts'

export const TENANT = '11111111-1111-4111-8111-111111111111'
export const OTHER_TENANT = '22222222-2222-4222-8222-222222222222'
export const PERSON = '0a000000-0000-4000-8000-000000000001'
export const NOW = new Date('2026-11-22T12:00:00.000Z')

/** Returns the key of the sample employee, with the given parts replaced. */
export function keyOf(changes: Partial<PersonKey> = {}): PersonKey {
  return { space: 'entra:global', directory: TENANT, subject: PERSON, ...changes }
}

/** An employee of the pinned tenant. */
export function identityOf(changes: Partial<VerifiedIdentity> = {}): VerifiedIdentity {
  return {
    key: keyOf(),
    sub: 'pairwise-subject',
    emailDomainOwnerVerified: false,
    guest: false,
    personalAccount: false,
    groups: { kind: 'absent' },
    appRoles: [],
    claimNames: [],
    ...changes,
  }
}

export type ConnectionChanges = Partial<Omit<Connection, 'policies'>> & {
  readonly policies?: Partial<ConnectionPolicies>
}

/** A connection that is on, pinned to the tenant, and takes newcomers as members. */
export function connectionOf({ policies, ...changes }: ConnectionChanges = {}): Connection {
  return {
    id: 'default',
    organizationId: 'default',
    name: 'Contoso',
    slug: 'default',
    protocol: 'oidc',
    cloud: 'global',
    authority: 'https://login.microsoftonline.com',
    tenants: { kind: 'pinned', tenant: TENANT, tenantId: TENANT },
    application: 'own',
    clientId: '33333333-3333-4333-8333-333333333333',
    credentials: [],
    policies: {
      provisioning: 'create',
      linking: 'never',
      guests: 'refuse',
      personalAccounts: 'refuse',
      groupsOverage: 'refuse',
      unmatched: { kind: 'default_role', role: 'member' },
      signOutOfMicrosoft: false,
      ...policies,
    },
    roleRules: [],
    settings: {},
    status: 'on',
    managedBy: 'environment',
    createdAt: NOW,
    updatedAt: NOW,
    ...changes,
  }
}

export function membershipOf(changes: Partial<Membership> = {}): Membership {
  return {
    id: 'mem_1',
    userId: 'usr_1',
    organizationId: 'default',
    username: 'alice',
    profile: {},
    status: 'active',
    createdAt: NOW,
    ...changes,
  }
}

/** The named parts of the services, for a function that asks for all of them and uses these. */
export function servicesWith(parts: Partial<Services>): Services {
  return parts as Services // whatever else is reached for is undefined and fails the test
}

/** A browser's visit, with the cookies it brings along. */
export function exchangeAt(here: URL, cookies: ReadonlyMap<string, string> = new Map()): Exchange {
  return {
    request: new Request(here),
    here,
    url: here,
    params: {},
    correlationId: 'correlation',
    client: {},
    cookies,
    signIn: {},
    matched: {},
  }
}

/** What a browser holds after these `Set-Cookie` lines. */
export function afterCookies(
  held: ReadonlyMap<string, string>,
  lines: readonly string[],
): ReadonlyMap<string, string> {
  const cookies = new Map(held)
  for (const line of lines) {
    const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? []
    if (line.includes('Max-Age=0')) cookies.delete(name)
    else cookies.set(name, value)
  }
  return cookies
}
