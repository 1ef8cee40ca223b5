import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { RoleRule } from '../src/storage/records.ts'
import { onlyUser, sessionJson } from './support/people.ts'
import {
  assertRefusedForGood,
  detailsOf,
  goToEntra,
  noRows,
  openRigForTenants,
  rowCounts,
} from './support/refusals.ts'
import { newDatabaseFile } from './support/replicas.ts'
import { CONTOSO, ENGINEERING, FABRIKAM, people, type RigOptions, SALES } from './support/rig.ts'
import { auditEvents, openRig } from './support/steps.ts'

const ALICE = 'aaaaaaaa-0000-4000-8000-000000000001'
/** Engineering, and All staff that it is a part of. */
const ALICES_GROUPS = [ENGINEERING, '1a000000-0000-4000-8000-000000000003']
const engineers: RoleRule = {
  id: 'engineers',
  match: 'group',
  value: ENGINEERING,
  role: 'developer',
}
const sellers: RoleRule = { id: 'sellers', match: 'group', value: SALES, role: 'seller' }
const admins: RoleRule = { id: 'admins', match: 'app_role', value: 'Admin', role: 'owner' }
const refuse = { unmatched: { kind: 'refuse' } } as const

function withRules(
  roleRules: readonly RoleRule[],
  policies: NonNullable<RigOptions['entra']>['policies'] = {},
): RigOptions {
  return { entra: { roleRules, policies } }
}

async function rolesOf(rig: Awaited<ReturnType<typeof openRig>>, name: string) {
  const { browser, response, text } = await rig.signIn(name)
  assert.equal(response.status, 200, text)
  return [...(await sessionJson(browser)).roles].sort()
}

describe('roles', () => {
  it('are those of the rules on groups and app roles that match', async (t) => {
    const rig = await openRig(t, withRules([engineers, sellers, admins]))
    assert.deepEqual(await rolesOf(rig, people.alice), ['developer', 'owner'])
    assert.deepEqual(await rolesOf(rig, people.bob), ['seller'])
  })

  it('are counted once when two rules give the same', async (t) => {
    const rig = await openRig(t, withRules([engineers, { ...admins, role: 'developer' }]))
    assert.deepEqual(await rolesOf(rig, people.alice), ['developer'])
  })

  it('are the default role when no rule matches', async (t) => {
    const unmatched = { kind: 'default_role', role: 'visitor' } as const
    const rig = await openRig(t, withRules([sellers], { unmatched }))
    assert.deepEqual(await rolesOf(rig, people.alice), ['visitor'])
    assert.deepEqual(await rolesOf(rig, people.bob), ['seller'])
    assert.deepEqual(await rolesOf(rig, people.erin), ['visitor'])
  })

  it('are demanded when unmatched people are refused', async (t) => {
    const rig = await openRig(t, withRules([sellers], refuse))
    const at = await goToEntra(rig, people.alice)
    await assertRefusedForGood(rig, at, { code: 'no_role_matched', status: 403 })
    assert.deepEqual(await rowCounts(rig), noRows)
    assert.deepEqual(await rolesOf(rig, people.bob), ['seller'])
  })

  it('are never taken from names, nor from one kind for the other (B23)', async (t) => {
    const rig = await openRig(t, withRules([engineers, admins], refuse))
    const groups = ['Engineering', 'engineers', 'developer', 'Admin', ALICE]
    const roles = ['admin', 'Admin ', 'owner', ENGINEERING]
    rig.emulator.setFault({ kind: 'id_token', setClaims: { groups, roles } })
    const at = await goToEntra(rig, people.alice)
    await assertRefusedForGood(rig, at, { code: 'no_role_matched', status: 403 })
  })

  it('are not given for a group of the same name in another tenant (B23)', async (t) => {
    const rules = { roleRules: [engineers], policies: refuse }
    const rig = await openRigForTenants(t, [CONTOSO, FABRIKAM], rules)
    assert.deepEqual(await rolesOf(rig, people.alice), ['developer'])
    const at = await goToEntra(rig, people.frank)
    await assertRefusedForGood(rig, at, { code: 'no_role_matched', status: 403 })
  })

  it('know a group id in capitals', async (t) => {
    const rig = await openRig(t, withRules([engineers], refuse))
    rig.emulator.setFault({
      kind: 'id_token',
      setClaims: { groups: [ENGINEERING.toUpperCase()] },
    })
    assert.deepEqual(await rolesOf(rig, people.alice), ['developer'])
  })

  it('follow the person: another group, another role, at the next sign-in', async (t) => {
    const rig = await openRig(t, withRules([engineers, sellers], refuse))
    assert.deepEqual(await rolesOf(rig, people.alice), ['developer'])
    rig.emulator.setUserGroups(people.alice, ['Sales'])
    assert.deepEqual(await rolesOf(rig, people.alice), ['seller'])
    const changes = await auditEvents(rig, { type: 'membership.roles_changed' })
    assert.deepEqual(
      new Set(changes.map(({ detail }) => JSON.stringify(detail))),
      new Set([
        '{"before":[],"after":["developer"]}',
        '{"before":["developer"],"after":["seller"]}',
      ]),
    )
    rig.emulator.setUserGroups(people.alice, ['All staff'])
    const other = await goToEntra(rig, people.alice)
    await assertRefusedForGood(rig, other, { code: 'no_role_matched', status: 403 })
    // Entra sends no claim for a user in no group, nor for any user if the claim is not configured.
    rig.emulator.setUserGroups(people.alice, [])
    const none = await goToEntra(rig, people.alice)
    await assertRefusedForGood(rig, none, { code: 'groups_claim_missing', status: 403 })
  })
})

describe('a rule that is taken away', () => {
  it('takes its roles along at the next sign-in', async (t) => {
    const database = await newDatabaseFile(t)
    const before = await openRig(t, { database, ...withRules([engineers, admins]) })
    assert.deepEqual(await rolesOf(before, people.alice), ['developer', 'owner'])

    const { secretKeys } = before.options
    const rig = await openRig(t, { database, secretKeys, ...withRules([engineers]) })
    assert.deepEqual(await rolesOf(rig, people.alice), ['developer'])
    const none = await openRig(t, { database, secretKeys, ...withRules([]) })
    assert.deepEqual(await rolesOf(none, people.alice), ['member'])
  })

  it('takes them from those who are signed in, too, and from nobody anything else', async (t) => {
    const database = await newDatabaseFile(t)
    const before = await openRig(t, { database, ...withRules([engineers, admins]) })
    const { browser } = await before.signIn(people.alice)
    assert.deepEqual([...(await sessionJson(browser)).roles].sort(), ['developer', 'owner'])

    const { secretKeys } = before.options
    await openRig(t, { database, secretKeys, ...withRules([engineers]) })
    assert.deepEqual((await sessionJson(browser)).roles, ['developer'])
  })
})

describe('groups that did not fit into the token', () => {
  it('refuse the person by name when a rule needs groups (A50)', async (t) => {
    const rig = await openRig(t, withRules([engineers, admins]))
    const at = await goToEntra(rig, people.dave)
    const { text } = await assertRefusedForGood(rig, at, { code: 'groups_not_known', status: 403 })
    assert.match(detailsOf(text)['What to do'] ?? '', /overage/)
    assert.deepEqual(await rowCounts(rig), noRows)
  })

  it('are unknown, not none, when no rule needs them (A50)', async (t) => {
    const rig = await openRig(t, withRules([admins]))
    const dave = await rig.signIn(people.dave)
    assert.deepEqual(await sessionJson(dave.browser).then(({ groups }) => groups), null)
    assert.deepEqual((await sessionJson(dave.browser)).roles, ['member'])
    const erin = await rig.signIn(people.erin)
    assert.deepEqual((await sessionJson(erin.browser)).groups, [])
    const alice = await rig.signIn(people.alice)
    assert.deepEqual((await sessionJson(alice.browser)).groups, ALICES_GROUPS)
  })

  it('are not looked up where the token says: that address is anybody’s', async (t) => {
    const rig = await openRig(t, withRules([engineers]))
    await goToEntra(rig, people.dave).then(({ browser, callback }) => browser.visit(callback))
    const others = rig.emulator.requests.filter(({ endpoint }) => endpoint === 'other')
    assert.deepEqual(others, [])
  })

  it('stay the last known ones when the connection keeps them', async (t) => {
    const rig = await openRig(t, withRules([engineers], { ...refuse, groupsOverage: 'keep_last' }))
    assert.deepEqual(await rolesOf(rig, people.alice), ['developer'])
    for (let n = 0; n < 2; n += 1) {
      rig.emulator.setFault(overage)
      const { browser } = await rig.signIn(people.alice)
      const { roles, groups } = await sessionJson(browser)
      assert.deepEqual({ roles, groups }, { roles: ['developer'], groups: ALICES_GROUPS })
    }
  })

  it('are not replaced by the last known ones unless the connection says so', async (t) => {
    const rig = await openRig(t, withRules([engineers]))
    assert.deepEqual(await rolesOf(rig, people.alice), ['developer'])
    rig.emulator.setFault(overage)
    const at = await goToEntra(rig, people.alice)
    await assertRefusedForGood(rig, at, { code: 'groups_not_known', status: 403 })
  })

  it('refuse a person of whom none are known to keep', async (t) => {
    const rig = await openRig(t, withRules([engineers], { groupsOverage: 'keep_last' }))
    const at = await goToEntra(rig, people.dave)
    await assertRefusedForGood(rig, at, { code: 'groups_not_known', status: 403 })
  })

  it('do not become "none" for the next sign-in that keeps the last ones', async (t) => {
    const database = await newDatabaseFile(t)
    const before = await openRig(t, { database, ...withRules([]) })
    const { browser } = await before.signIn(people.dave)
    assert.equal((await sessionJson(browser)).groups, null)
    const { secretKeys } = before.options
    const keeping = withRules([engineers], { groupsOverage: 'keep_last' })
    const rig = await openRig(t, { database, secretKeys, ...keeping })
    const at = await goToEntra(rig, people.dave)
    await assertRefusedForGood(rig, at, { code: 'groups_not_known', status: 403 })
  })

  it('are known again when they fit again', async (t) => {
    const rig = await openRig(t, withRules([engineers], refuse))
    rig.emulator.setUserGroups(people.dave, ['Engineering'])
    assert.deepEqual(await rolesOf(rig, people.dave), ['developer'])
    assert.equal((await onlyUser(rig)).membership.username, 'dave')
  })

  for (const setClaims of [{ hasgroups: true }, { hasgroups: 'true' }]) {
    it(`are known to be missing by ${JSON.stringify(setClaims)} too`, async (t) => {
      const rig = await openRig(t, withRules([engineers]))
      rig.emulator.setFault({ kind: 'id_token', setClaims, removeClaims: ['groups'] })
      const at = await goToEntra(rig, people.alice)
      await assertRefusedForGood(rig, at, { code: 'groups_not_known', status: 403 })
    })
  }
})

const overage = {
  kind: 'id_token',
  removeClaims: ['groups'],
  setClaims: { _claim_names: { groups: 'src1' } },
} as const
