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
} from '../../test/support/samples.ts'
import type { VerifiedIdentity } from '../identity-provider/identity-provider.ts'
import type { GroupSnapshot, RoleRule } from '../storage/records.ts'
import type { KnownPerson } from '../storage/storage.ts'
import { decideRecheck } from './decide-recheck.ts'

const GROUP = '1a000000-0000-4000-8000-000000000001'
const rules: readonly RoleRule[] = [
  { id: 'r1', match: 'group', value: GROUP, role: 'engineer' },
  { id: 'r2', match: 'app_role', value: 'Admin', role: 'admin' },
]
const last: GroupSnapshot = {
  groups: [GROUP],
  appRoles: ['Admin'],
  complete: true,
  takenAt: new Date(NOW.getTime() - 60_000),
  source: 'claim',
}
const engineer = { role: 'engineer', source: 'rule:r1' } as const
const admin = { role: 'admin', source: 'rule:r2' } as const
const refuse = { unmatched: { kind: 'refuse' } } as const

function decide({
  identity,
  connection,
  groups = last,
}: {
  readonly identity?: Partial<VerifiedIdentity>
  readonly connection?: ConnectionChanges
  readonly groups?: GroupSnapshot
}) {
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
    membership: membershipOf(),
    groups,
  }
  return decideRecheck({
    connection: connectionOf({ roleRules: rules, policies: refuse, ...connection }),
    identity: identityOf(identity),
    known,
    now: NOW,
  })
}

const none = { groups: { kind: 'known', ids: [] }, appRoles: [], claimNames: ['groups'] } as const
const absent = { groups: { kind: 'absent' }, appRoles: [], claimNames: [] } as const

describe('decideRecheck', () => {
  it('takes groups and app roles that are told', () => {
    const identity = { groups: { kind: 'known', ids: [GROUP] }, appRoles: [] } as const
    assert.deepEqual(decide({ identity: { ...identity, claimNames: ['groups'] } }), {
      kind: 'kept',
      roles: [engineer],
      snapshot: { ...last, appRoles: [], takenAt: NOW },
    })
  })

  it('keeps all that was known when nothing is told', () => {
    for (const groups of [
      { kind: 'absent' },
      { kind: 'overage' },
      { kind: 'unreadable', reason: 'graph_throttled' },
    ] as const) {
      assert.deepEqual(
        decide({ identity: { ...absent, groups } }),
        { kind: 'kept', roles: [engineer, admin], snapshot: last },
        groups.kind,
      )
    }
  })

  it('takes app roles that are told where groups are not', () => {
    const identity = { ...absent, appRoles: ['Reader'], claimNames: ['roles'] }
    assert.deepEqual(decide({ identity: identity }), {
      kind: 'kept',
      roles: [engineer],
      snapshot: { ...last, appRoles: ['Reader'] },
    })
  })

  it('changes nothing where neither the token nor the last sign-in knew the groups', () => {
    assert.deepEqual(decide({ identity: absent, groups: { ...last, complete: false } }), {
      kind: 'kept',
    })
  })

  it('takes nothing that another connection told, and ends nothing for want of it', () => {
    const groups = { ...last, connectionId: 'con_other' } as const
    const byRole = [{ id: 'r2', match: 'app_role', value: 'Admin', role: 'admin' }] as const
    for (const roleRules of [rules, byRole]) {
      assert.deepEqual(decide({ identity: absent, groups, connection: { roleRules } }), {
        kind: 'kept',
      })
    }
  })

  it('ends what a sign-in would refuse', () => {
    assert.deepEqual(decide({ identity: none }), { kind: 'ended', code: 'no_role_matched' })
    assert.deepEqual(decide({ identity: { guest: true } }), {
      kind: 'ended',
      code: 'guest_not_allowed',
    })
    assert.deepEqual(decide({ identity: { key: keyOf({ directory: OTHER_TENANT }) } }), {
      kind: 'ended',
      code: 'tenant_not_allowed',
    })
  })

  it('ends nothing because the connection is off', () => {
    const identity = { groups: { kind: 'known', ids: [GROUP] }, claimNames: ['groups'] } as const
    for (const status of ['off', 'draft'] as const) {
      assert.equal(decide({ identity: identity, connection: { status } }).kind, 'kept')
    }
  })
})
