/** Records for the conformance suite. All times are counted from one fixed start. */
import type {
  AuditEventRecord,
  Connection,
  Domain,
  Identity,
  Membership,
  Organization,
  PersonKey,
  Session,
  SignInTrace,
  User,
} from './records.ts'
import type { Storage, StorageTransaction } from './storage.ts'

const start = Date.UTC(2026, 10, 22, 9, 30, 0, 123)

/** Returns the time so many milliseconds after the start. */
export function at(afterMs: number): Date {
  return new Date(start + afterMs)
}

/** Pads numbers in ids to four digits, so that ids sort like their numbers. */
export function padded(n: number): string {
  return String(n).padStart(4, '0')
}

/** Creates an organization with default values. */
export function newOrganization(id: Organization['id'] = 'default'): Organization {
  return {
    id,
    name: `Name of ${id}`,
    slug: id,
    settings: { emailDiscovery: false },
    createdAt: at(0),
    updatedAt: at(1),
  }
}

/** Creates a connection with default values. */
export function newConnection(overrides: Partial<Connection> = {}): Connection {
  return {
    id: 'default',
    organizationId: 'default',
    name: 'Contoso',
    slug: overrides.id ?? 'default',
    protocol: 'oidc',
    cloud: 'global',
    authority: 'https://login.microsoftonline.com',
    tenants: { kind: 'pinned', tenant: 'contoso.example', tenantId: 't-1' },
    application: 'own',
    clientId: 'c-1',
    credentials: [
      {
        id: 'crd_1',
        kind: 'client_secret',
        sealed: 'v1.key-b.nonce.text',
        expiresAt: at(1),
        state: 'active',
        createdAt: at(0),
      },
      { id: 'crd_2', kind: 'federated_token_file', state: 'retired', createdAt: at(0) },
    ],
    policies: {
      provisioning: 'create',
      linking: 'never',
      guests: 'refuse',
      personalAccounts: 'refuse',
      groupsOverage: 'refuse',
      unmatched: { kind: 'default_role', role: 'reader' },
      signOutOfMicrosoft: true,
    },
    roleRules: [{ id: 'r1', match: 'group', value: 'g-1', role: 'admin' }],
    settings: { groups: { from: 'graph', nested: true, names: false }, recheckMinutes: 30 },
    status: 'on',
    managedBy: 'api',
    createdAt: at(0),
    updatedAt: at(5),
    ...overrides,
  }
}

/** Creates the domain with number `n`. */
export function newDomain(n: number, overrides: Partial<Domain> = {}): Domain {
  return {
    id: `dom_${padded(n)}`,
    organizationId: 'default',
    name: `domain-${n}.example`,
    challenge: `challenge-${n}`,
    status: 'pending',
    createdAt: at(n),
    ...overrides,
  }
}

/** Creates the user with number `n`. */
export function newUser(n: number, overrides: Partial<User> = {}): User {
  return {
    id: `usr_${padded(n)}`,
    status: 'active',
    createdAt: at(n),
    updatedAt: at(n),
    ...overrides,
  }
}

/** Creates the key of person `n`. */
export function newKey(n: number, overrides: Partial<PersonKey> = {}): PersonKey {
  return {
    space: 'entra:global',
    directory: 'tenant-1',
    subject: `oid-${padded(n)}`,
    ...overrides,
  }
}

/** Creates the identity with number `n`. */
export function newIdentity(n: number, overrides: Partial<Identity> = {}): Identity {
  return {
    id: `idn_${padded(n)}`,
    userId: `usr_${padded(n)}`,
    key: newKey(n),
    connectionId: 'default',
    sub: `sub-${n}`,
    lastClaims: { name: `Person ${n}`, nested: { list: [1, null, true] } },
    createdAt: at(n),
    lastSignInAt: at(n + 1),
    ...overrides,
  }
}

/** Creates the membership with number `n`. */
export function newMembership(n: number, overrides: Partial<Membership> = {}): Membership {
  return {
    id: `mem_${padded(n)}`,
    userId: `usr_${padded(n)}`,
    organizationId: 'default',
    username: `person-${padded(n)}`,
    profile: {
      displayName: `Person ${padded(n)}`,
      email: {
        address: `Person.${padded(n)}@Contoso.example`,
        source: 'email_claim',
        proven: false,
      },
      guest: false,
    },
    status: 'active',
    createdAt: at(n),
    lastSignInAt: at(n + 1),
    ...overrides,
  }
}

/** Creates the session with number `n`. */
export function newSession(n: number, overrides: Partial<Session> = {}): Session {
  return {
    id: `ses_${padded(n)}`,
    kind: 'user',
    tokenHash: `hash-${padded(n)}`,
    userId: `usr_${padded(n)}`,
    organizationId: 'default',
    connectionId: 'default',
    identityId: `idn_${padded(n)}`,
    entraSid: `sid-${n}`,
    loginHint: 'hint',
    host: 'sso.example.com',
    ip: '2001:db8::1',
    userAgent: 'Browser',
    createdAt: at(n),
    lastSeenAt: at(n),
    idleEndsAt: at(10_000),
    absoluteEndsAt: at(20_000),
    ...overrides,
  }
}

/** Creates the audit event with number `n`. */
export function newAuditEvent(
  n: number,
  overrides: Partial<AuditEventRecord> = {},
): AuditEventRecord {
  return {
    id: `evt_${padded(n)}`,
    at: at(n),
    type: 'sign_in.succeeded',
    actor: { kind: 'system' },
    detail: { n },
    ...overrides,
  }
}

/** Creates the sign-in trace with number `n`. */
export function newTrace(n: number, overrides: Partial<SignInTrace> = {}): SignInTrace {
  return {
    id: `trc_${padded(n)}`,
    at: at(n),
    attemptId: `att_${n}`,
    correlationId: `cor-${n}`,
    outcome: 'signed_in',
    steps: [
      { step: 'redeemed', afterMs: 12.5, detail: { tid: 't' } },
      { step: 'done', afterMs: 20 },
    ],
    ...overrides,
  }
}

/** Stores the organization and connection `default`, to which nearly every record refers. */
export async function putDefaults(storage: Storage): Promise<void> {
  await storage.atomically(async (transaction) => {
    await transaction.putOrganization(newOrganization())
    await transaction.putConnection(newConnection())
  })
}

/** Creates user, identity and membership number `n`, with the username `person-n`. */
export async function createPerson(transaction: StorageTransaction, n: number): Promise<void> {
  await transaction.createUser(newUser(n))
  await transaction.linkIdentity(newIdentity(n))
  await transaction.createMembership(newMembership(n))
}

/**
 * Creates objects with everything that JSON can express, the same in every run. It uses no library, because applications run this
 * suite too.
 */
export function awkwardDetails(count: number): readonly Readonly<Record<string, unknown>>[] {
  let state = 1
  const below = (limit: number) => {
    state = (state * 48_271) % 2_147_483_647 // the generator of Park and Miller
    return state % limit
  }
  const some = <T>(of: () => T) => Array.from({ length: below(4) }, of)
  const letters = [
    'a',
    '"',
    '\\',
    "'",
    '%',
    '\n',
    '\0',
    '\u2028',
    'ß',
    '語',
    '😀',
    '\ud800',
    '{',
    ';--',
  ]
  const word = () => some(() => letters[below(letters.length)]).join('')
  const numbers = [0, -1, 0.1, 1e21, 5e-324, 2 ** 53, Number.MAX_VALUE]
  const value = (depth: number): unknown => {
    const kind = below(depth > 3 ? 4 : 6)
    if (kind === 4) return some(() => value(depth + 1))
    if (kind === 5) return Object.fromEntries(some(() => [word(), value(depth + 1)] as const))
    return [null, below(2) === 0, numbers[below(numbers.length)], word()][kind]
  }
  const names = ['__proto__', 'constructor', 'toJSON', '']
  return Array.from({ length: count }, (_, n) =>
    Object.fromEntries([
      [names[n % names.length] ?? '', value(0)],
      ...some(() => [word(), value(0)] as const),
    ]),
  )
}
