import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  type ConnectionChanges,
  connectionOf,
  identityOf,
  keyOf,
  membershipOf,
  NOW,
  OTHER_TENANT,
  TENANT,
} from '../../test/support/samples.ts'
import type { ErrorCode } from '../errors/errors.ts'
import type { VerifiedIdentity } from '../identity-provider/identity-provider.ts'
import type { ConnectionPolicies, RoleRule } from '../storage/records.ts'
import type { KnownPerson } from '../storage/storage.ts'
import { decideSignIn, type SignInFacts } from './decide-sign-in.ts'

const GROUP = '1a000000-0000-4000-8000-000000000001'
const PERSONAL = '9188040d-6c67-4c5b-b112-36a304b66dad'
const groupRule: RoleRule = { id: 'r1', match: 'group', value: GROUP, role: 'engineer' }
const roleRule: RoleRule = { id: 'r2', match: 'app_role', value: 'Admin', role: 'admin' }

const membership = membershipOf()
const candidate = { membership, userStatus: 'active' } as const

/** A user who has signed in before. */
const known: KnownPerson = {
  identity: {
    id: 'idn_1',
    userId: 'usr_1',
    key: keyOf(),
    lastClaims: {},
    createdAt: NOW,
    lastSignInAt: NOW,
  },
  user: { id: 'usr_1', status: 'active', createdAt: NOW, updatedAt: NOW },
  membership,
}
const { lastSignInAt: _never, ...notSeen } = known.identity
/** A user whom an operator created beforehand. */
const createdBeforehand: KnownPerson = { ...known, identity: notSeen }
const { membership: _none, ...withoutMembership } = known
const userDisabled: KnownPerson = { ...known, user: { ...known.user, status: 'disabled' } }
const membershipDisabled: KnownPerson = {
  ...known,
  membership: membershipOf({ status: 'disabled' }),
}

type Case = {
  readonly connection?: ConnectionChanges
  readonly policies?: Partial<ConnectionPolicies>
  readonly identity?: Partial<VerifiedIdentity>
  readonly known?: KnownPerson
  readonly linkCandidates?: SignInFacts['linkCandidates']
}

function decide({ connection, policies, identity, known: person, linkCandidates = [] }: Case) {
  return decideSignIn({
    connection: connectionOf({ ...connection, ...(policies ? { policies } : {}) }),
    identity: identityOf(identity),
    linkCandidates,
    emailDomainProven: false,
    now: new Date('2026-11-22T12:00:00.000Z'),
    ...(person ? { known: person } : {}),
  })
}

const overage = { groups: { kind: 'overage' } } as const
const bothTenants = { tenants: { kind: 'allow_list', tenantIds: [TENANT, OTHER_TENANT] } } as const
const unresolved = { tenants: { kind: 'pinned', tenant: 'contoso.com' } } as const
const rules = { roleRules: [groupRule, roleRule] } as const
const refuseUnmatched = { unmatched: { kind: 'refuse' } } as const
const guest = { guest: true } as const

const refusals: readonly (readonly [string, Case, ErrorCode])[] = [
  ['a connection that is off', { connection: { status: 'off' } }, 'connection_off'],
  ['a connection that is a draft', { connection: { status: 'draft' } }, 'connection_off'],
  [
    'another cloud, whatever the ids are',
    { identity: { key: keyOf({ space: 'entra:china' }) } },
    'tenant_not_allowed',
  ],
  [
    'another tenant with the same email (B01)',
    {
      identity: {
        key: keyOf({ directory: OTHER_TENANT }),
        email: 'victim@contoso.com',
        emailDomainOwnerVerified: true,
      },
      policies: { linking: 'verified' },
      linkCandidates: [candidate],
    },
    'tenant_not_allowed',
  ],
  [
    'a known object id in another tenant (B07)',
    { identity: { key: keyOf({ directory: OTHER_TENANT }) } },
    'tenant_not_allowed',
  ],
  [
    'a tenant that is not on the list',
    { identity: { key: keyOf({ directory: GROUP }) }, connection: bothTenants },
    'tenant_not_allowed',
  ],
  [
    'anybody while the tenant behind the domain is unknown',
    { connection: unresolved },
    'tenant_not_allowed',
  ],
  [
    'anybody when the list is empty',
    { connection: { tenants: { kind: 'allow_list', tenantIds: [] } } },
    'tenant_not_allowed',
  ],
  [
    'a personal account (B09)',
    { identity: { key: keyOf({ directory: PERSONAL }), personalAccount: true } },
    'personal_account_not_allowed',
  ],
  [
    'a personal account although its tenant is listed (B09)',
    {
      identity: { key: keyOf({ directory: PERSONAL }), personalAccount: true },
      connection: { tenants: { kind: 'allow_list', tenantIds: [PERSONAL] } },
    },
    'personal_account_not_allowed',
  ],
  [
    'a personal account that is allowed, in a tenant that is not (B09)',
    {
      identity: { key: keyOf({ directory: PERSONAL }), personalAccount: true },
      policies: { personalAccounts: 'allow' },
    },
    'tenant_not_allowed',
  ],
  ['a guest', { identity: guest }, 'guest_not_allowed'],
  [
    'a guest who was let in before guests were refused',
    { identity: guest, known },
    'guest_not_allowed',
  ],
  ['a disabled user (B16)', { known: userDisabled }, 'user_disabled'],
  ['a disabled membership (B16)', { known: membershipDisabled }, 'membership_disabled'],
  [
    'anybody new when provisioning is off (B12)',
    { policies: { provisioning: 'off' } },
    'provisioning_off',
  ],
  [
    'a user created beforehand who never came, when provisioning is off (B12)',
    { policies: { provisioning: 'off' }, known: createdBeforehand },
    'provisioning_off',
  ],
  [
    'a user of other organizations, when provisioning is off (B12)',
    { policies: { provisioning: 'off' }, known: withoutMembership },
    'provisioning_off',
  ],
  [
    'anybody unknown when only existing users are wanted (B12)',
    { policies: { provisioning: 'existing' } },
    'user_not_known',
  ],
  [
    'a user of other organizations when only existing users are wanted (B12)',
    { policies: { provisioning: 'existing' }, known: withoutMembership },
    'user_not_known',
  ],
  [
    'somebody with the email of an existing user, when only existing users are wanted (B02)',
    {
      policies: { provisioning: 'existing', linking: 'verified' },
      identity: { emailDomainOwnerVerified: true, email: 'a@contoso.com' },
      linkCandidates: [candidate],
    },
    'user_not_known',
  ],
  [
    'groups that did not fit, when a rule needs them (A50)',
    { identity: overage, connection: rules },
    'groups_not_known',
  ],
  [
    'groups that did not fit and were never known, although the last ones may stay (A50)',
    { identity: overage, connection: rules, known, policies: { groupsOverage: 'keep_last' } },
    'groups_not_known',
  ],
  [
    'nobody’s role (B23)',
    {
      identity: { groups: { kind: 'known', ids: ['Admins'] } },
      connection: rules,
      policies: refuseUnmatched,
    },
    'no_role_matched',
  ],
  [
    'a person without groups where a group is needed',
    {
      identity: { groups: { kind: 'known', ids: [] } },
      connection: rules,
      policies: refuseUnmatched,
    },
    'no_role_matched',
  ],
  [
    'a person of whom Entra sent no groups claim, where a group is needed (E6)',
    { connection: rules, policies: refuseUnmatched },
    'groups_claim_missing',
  ],
]

/** Each entry adds one reason for refusal to all later entries: the reason that is checked first is the one returned. */
const inOrder: readonly (readonly [ErrorCode, Case])[] = [
  ['no_role_matched', { policies: refuseUnmatched }],
  ['groups_not_known', { identity: overage, connection: rules }],
  ['provisioning_off', { policies: { provisioning: 'off' } }],
  ['membership_disabled', { known: { ...membershipDisabled, identity: notSeen } }],
  [
    'user_disabled',
    { known: { ...membershipDisabled, identity: notSeen, user: userDisabled.user } },
  ],
  ['guest_not_allowed', { identity: guest }],
  ['tenant_not_allowed', { identity: { key: keyOf({ directory: OTHER_TENANT }) } }],
  ['personal_account_not_allowed', { identity: { personalAccount: true } }],
  ['connection_off', { connection: { status: 'off' } }],
]

describe('decideSignIn', () => {
  for (const [what, facts, code] of refusals) {
    it(`refuses ${what}: ${code}`, () => {
      const decision = decide(facts)
      assert.equal(decision.kind === 'refused' ? decision.code : decision.kind, code)
    })
  }

  it('says what comes first: connection, tenant, kind of account, the person, provisioning, groups, roles', () => {
    let facts: Case = {}
    for (const [code, more] of inOrder) {
      facts = {
        ...facts,
        ...more,
        connection: { ...facts.connection, ...more.connection },
        policies: { ...facts.policies, ...more.policies },
        identity: { ...facts.identity, ...more.identity },
      }
      const decision = decide(facts)
      assert.equal(decision.kind === 'refused' ? decision.code : decision.kind, code)
    }
  })

  it('takes a newcomer for a new user with the default role', () => {
    assert.deepEqual(decide({}), {
      kind: 'allowed',
      person: { kind: 'new' },
      roles: [{ role: 'member', source: 'default' }],
      groups: { kind: 'known', ids: [], source: 'absent' },
    })
  })

  it('knows a person again, whatever provisioning says', () => {
    for (const provisioning of ['create', 'existing', 'off'] as const) {
      const decision = decide({ known, policies: { provisioning } })
      const person = { kind: 'known', userId: 'usr_1', membership }
      assert.deepEqual(decision.kind === 'allowed' && decision.person, person, provisioning)
    }
  })

  it('lets a user in who was created beforehand, when existing users are wanted', () => {
    const decision = decide({ known: createdBeforehand, policies: { provisioning: 'existing' } })
    assert.equal(decision.kind === 'allowed' && decision.person.kind, 'known')
  })

  it('takes a user of other organizations for the same user, new in this one', () => {
    const decision = decide({ known: withoutMembership })
    assert.deepEqual(decision.kind === 'allowed' && decision.person, {
      kind: 'known',
      userId: 'usr_1',
    })
  })

  it('lets in whoever the connection allows: guests, listed tenants, personal accounts', () => {
    const personal = {
      identity: { key: keyOf({ directory: PERSONAL }), personalAccount: true },
      policies: { personalAccounts: 'allow' },
    } as const
    const allowed: readonly Case[] = [
      { identity: guest, policies: { guests: 'allow' } },
      { identity: { key: keyOf({ directory: OTHER_TENANT }) }, connection: bothTenants },
      { ...personal, connection: { tenants: { kind: 'allow_list', tenantIds: [PERSONAL] } } },
    ]
    for (const facts of allowed) assert.equal(decide(facts).kind, 'allowed', JSON.stringify(facts))
  })

  const provenEmail = { email: 'alice@contoso.com', emailDomainOwnerVerified: true } as const
  const linking = { linking: 'verified' } as const

  it('makes a new user for an email that somebody has already, by default (B02)', () => {
    const decision = decide({ identity: provenEmail, linkCandidates: [candidate] })
    assert.deepEqual(decision.kind === 'allowed' && decision.person, { kind: 'new' })
  })

  it('makes a new user for an email that Entra does not vouch for (B01, B02)', () => {
    const identity = { email: 'alice@contoso.com' }
    const decision = decide({ identity, policies: linking, linkCandidates: [candidate] })
    assert.deepEqual(decision.kind === 'allowed' && decision.person, { kind: 'new' })
  })

  it('links to an existing user where the connection does so and Entra vouches for the email', () => {
    const decision = decide({
      identity: provenEmail,
      policies: linking,
      linkCandidates: [candidate],
    })
    assert.deepEqual(decision.kind === 'allowed' && decision.person, {
      kind: 'linked',
      membership,
      reason: 'email_domain_owner_verified',
    })
  })

  it('links nobody who is known already (B20)', () => {
    const facts = {
      identity: provenEmail,
      policies: linking,
      linkCandidates: [candidate],
      known: withoutMembership,
    }
    const decision = decide(facts)
    assert.equal(decision.kind === 'allowed' && decision.person.kind, 'known')
  })

  it('gives the roles of groups and app roles', () => {
    const identity = { groups: { kind: 'known', ids: [GROUP] }, appRoles: ['Admin'] } as const
    const decision = decide({ identity, connection: rules, policies: refuseUnmatched })
    assert.deepEqual(decision.kind === 'allowed' && decision.roles, [
      { role: 'engineer', source: 'rule:r1' },
      { role: 'admin', source: 'rule:r2' },
    ])
  })

  it('goes by the last known groups when they did not fit and the connection keeps them', () => {
    const groups = {
      groups: [GROUP],
      appRoles: [],
      complete: true,
      takenAt: NOW,
      source: 'claim' as const,
    }
    const policies = { groupsOverage: 'keep_last', ...refuseUnmatched } as const
    const decision = decide({
      identity: overage,
      connection: rules,
      policies,
      known: { ...known, groups },
    })
    assert.deepEqual(decision.kind === 'allowed' && decision.roles.map(({ role }) => role), [
      'engineer',
    ])
  })

  it('lets groups be unknown where no rule needs them', () => {
    const decision = decide({ identity: overage })
    assert.deepEqual(decision.kind === 'allowed' && decision.groups, {
      kind: 'unknown',
      reason: 'overage',
    })
  })
})
