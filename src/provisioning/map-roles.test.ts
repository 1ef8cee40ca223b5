import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { RoleRule } from '../storage/records.ts'
import type { ResolvedGroups } from './group-overage.ts'
import { mapRoles } from './map-roles.ts'

const GROUP = '1a000000-0000-4000-8000-000000000001'
const engineers: RoleRule = { id: 'r1', match: 'group', value: GROUP, role: 'engineer' }
const admins: RoleRule = { id: 'r2', match: 'app_role', value: 'Admin', role: 'admin' }
const groupsOf = (...ids: string[]): ResolvedGroups => ({ kind: 'known', ids, source: 'claim' })
const refuse = { kind: 'refuse' } as const
const member = { kind: 'default_role', role: 'member' } as const

describe('mapRoles', () => {
  it('gives every role whose rule matches, and says which rule it was', () => {
    const groups = groupsOf('other', GROUP)
    const input = { rules: [engineers, admins], unmatched: refuse, groups, appRoles: ['Admin'] }
    assert.deepEqual(mapRoles(input), {
      kind: 'roles',
      assignments: [
        { role: 'engineer', source: 'rule:r1' },
        { role: 'admin', source: 'rule:r2' },
      ],
    })
  })

  it('gives the default role, or refuses, when nothing matches', () => {
    const input = { rules: [engineers, admins], groups: groupsOf('other'), appRoles: ['Reader'] }
    assert.deepEqual(mapRoles({ ...input, unmatched: member }), {
      kind: 'roles',
      assignments: [{ role: 'member', source: 'default' }],
    })
    assert.deepEqual(mapRoles({ ...input, unmatched: refuse }), {
      kind: 'refused',
      code: 'no_role_matched',
      detail: {},
    })
  })

  it('refuses by another name where the groups claim is missing, and only a rule on groups needs it (E6)', () => {
    const absent = { kind: 'known', ids: [], source: 'absent' } as const
    const codeFor = (rules: readonly RoleRule[], groups: ResolvedGroups) => {
      const mapped = mapRoles({ rules, unmatched: refuse, groups, appRoles: ['Reader'] })
      return mapped.kind === 'refused' ? mapped.code : mapped.kind
    }
    assert.equal(codeFor([engineers, admins], absent), 'groups_claim_missing')
    assert.equal(codeFor([admins], absent), 'no_role_matched')
    assert.equal(codeFor([], absent), 'no_role_matched')
    for (const source of ['claim', 'graph', 'last_known'] as const) {
      const empty = { kind: 'known', ids: [], source } as const
      assert.equal(codeFor([engineers], empty), 'no_role_matched', source)
    }
    const input = { rules: [engineers, admins], groups: absent, appRoles: ['Admin'] }
    assert.equal(mapRoles({ ...input, unmatched: refuse }).kind, 'roles')
    assert.equal(mapRoles({ ...input, appRoles: [], unmatched: member }).kind, 'roles')
  })

  it('adds no default role to one that a rule gave', () => {
    const input = { rules: [engineers], unmatched: member, groups: groupsOf(GROUP), appRoles: [] }
    const mapped = mapRoles(input)
    assert.deepEqual(mapped.kind === 'roles' && mapped.assignments.map(({ role }) => role), [
      'engineer',
    ])
  })

  it('goes by ids: neither a name nor an app role is a group (B23)', () => {
    const named: RoleRule = { id: 'r3', match: 'group', value: 'Admins', role: 'admin' }
    const input = {
      unmatched: refuse,
      appRoles: [GROUP, 'Admins'],
      groups: groupsOf('Engineering'),
    }
    assert.equal(mapRoles({ ...input, rules: [engineers, named] }).kind, 'refused')
    const reversed = { ...input, appRoles: [], groups: groupsOf('Admin') }
    assert.equal(mapRoles({ ...reversed, rules: [admins] }).kind, 'refused')
  })

  it('refuses by name when a rule needs groups and they are unknown (A50)', () => {
    const input = {
      rules: [engineers, admins],
      unmatched: member,
      groups: { kind: 'unknown', reason: 'overage' },
    } as const
    assert.deepEqual(mapRoles({ ...input, appRoles: ['Admin'] }), {
      kind: 'refused',
      code: 'groups_not_known',
      detail: { reason: 'overage' },
    })
  })

  it('does without groups when no rule needs them', () => {
    const input = {
      unmatched: member,
      groups: { kind: 'unknown', reason: 'overage' },
      appRoles: ['Admin'],
    } as const
    assert.equal(mapRoles({ ...input, rules: [admins] }).kind, 'roles')
    assert.equal(mapRoles({ ...input, rules: [] }).kind, 'roles')
  })
})
