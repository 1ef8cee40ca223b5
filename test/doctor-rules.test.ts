/** What the doctor finds in access rules and role rules, held against the roles that there are; and in refusals that are alike. */
import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import type { Connection } from '../src/storage/records.ts'
import { openClinic } from './support/clinic.ts'
import { CONTOSO, ENGINEERING, people, type Rig, SALES } from './support/rig.ts'
import { temporaryFolder } from './support/server-process.ts'

const roles = [
  { group: ENGINEERING, role: 'admin' },
  { group: SALES, role: 'seller' },
]

/** Another connection, of another organization. */
async function addConnection(
  { services: { storage } }: Rig,
  changes: Partial<Connection>,
): Promise<void> {
  const connection = await storage.findConnection('default')
  const organization = await storage.findOrganization('default')
  assert.ok(connection && organization)
  await storage.atomically(async (transaction) => {
    await transaction.putOrganization({ ...organization, id: 'org_customer', slug: 'customer' })
    await transaction.putConnection({
      ...connection,
      id: 'con_customer',
      slug: 'customer',
      organizationId: 'org_customer',
      managedBy: 'api',
      ...changes,
    })
  })
}

describe('what the doctor finds in access rules', () => {
  it('a role in another letter case than it is given, with the right spelling (O7)', async (t) => {
    const { signIn, examine, writeRules, writeAccessRules } = await openClinic(t)
    await signIn(people.alice)
    const rules = await writeRules(roles)
    const access = await writeAccessRules([
      { id: 'staff', path: '/admin/*', allow: { roles: ['Admin'] } },
    ])
    const { find, exitCode, troubles } = await examine('roles', { ...rules, ...access })
    assert.equal(exitCode, 1)
    assert.deepEqual(find('access_role_in_other_case').items, [
      'staff: "Admin", where "admin" is given',
    ])
    assert.ok(!troubles.includes('access_role_not_given'))
  })

  it('a role that no rule gives and nobody has (O7)', async (t) => {
    const { signIn, examine, writeRules, writeAccessRules } = await openClinic(t)
    await signIn(people.alice)
    const rules = await writeRules(roles)
    const access = await writeAccessRules([
      { id: 'books', path: '/books/*', allow: { roles: ['accountant', 'seller', 'member'] } },
    ])
    const { find } = await examine('roles', { ...rules, ...access })
    assert.deepEqual(find('access_role_not_given').items, ['books: "accountant"'])
  })

  it('nothing about a role that is given by hand, or by a connection of a customer', async (t) => {
    const { rig, signIn, examine, writeAccessRules } = await openClinic(t)
    await signIn(people.alice)
    const { storage } = rig.services
    const [alice] = (await storage.listUsers({ limit: 1 })).items
    const membership = alice?.memberships[0]
    assert.ok(membership)
    await storage.atomically((transaction) => transaction.giveRole(membership.id, 'auditor'))
    const roleRules = [{ id: 'r', match: 'group', value: SALES, role: 'buyer' }] as const
    await addConnection(rig, { roleRules, clientId: '99999999-9999-4999-8999-999999999999' })
    const access = await writeAccessRules([
      { path: '/a', allow: { roles: ['auditor'] } },
      { path: '/b', allow: { organizations: ['customer', 'org_customer'], roles: ['buyer'] } },
    ])
    const { troubles } = await examine('roles', access)
    assert.deepEqual(troubles, [])
  })

  it('an organization that does not exist', async (t) => {
    const { signIn, examine, writeAccessRules } = await openClinic(t)
    await signIn(people.alice)
    const access = await writeAccessRules([
      { id: 'x', path: '/x', allow: { organizations: ['Contoso Ltd'.replace(' ', '-')] } },
    ])
    const { find } = await examine('roles', access)
    assert.deepEqual(find('access_organization_unknown').items, ['x: Contoso-Ltd'])
  })

  it('rules behind one that matches every page, and a file that opens everything', async (t) => {
    const { examine, writeAccessRules } = await openClinic(t)
    const access = await writeAccessRules([
      { id: 'all', path: '/*', allow: 'everyone' },
      { id: 'staff', path: '/admin/*', allow: 'signed_in' },
    ])
    const { find, troubles } = await examine('roles', access)
    assert.deepEqual(find('access_rules_never_reached').items, ['staff'])
    assert.deepEqual([...troubles].sort(), [
      'access_rules_never_reached',
      'access_rules_open_everything',
    ])
  })

  it('nothing about a last rule that matches every page and lets in who is signed in', async (t) => {
    const { examine, writeAccessRules } = await openClinic(t)
    const access = await writeAccessRules([
      { id: 'public', path: '/public/*', allow: 'everyone' },
      { id: 'rest', allow: 'signed_in' },
    ])
    assert.deepEqual((await examine('roles', access)).troubles, [])
  })

  it('a file that is not valid, and a host that is not served', async (t) => {
    const { examine, writeAccessRules } = await openClinic(t)
    const file = join(await temporaryFolder(t), 'access.json')
    await writeFile(file, '{"rules": [{"allow": "anybody"}]}')
    const invalid = await examine('roles', { ENTRADA_ACCESS_RULES_FILE: file })
    assert.match(invalid.find('access_rules_invalid').items[0] ?? '', /allow must be "everyone"/)
    const access = await writeAccessRules([{ host: 'wiki.example.com', allow: 'signed_in' }])
    const host = await examine('roles', access)
    assert.match(
      host.find('access_rules_invalid').items[0] ?? '',
      /wiki\.example\.com is the host of/,
    )
  })
})

describe('what the doctor finds in role rules', () => {
  it('the object id of a group where the value of an app role belongs', async (t) => {
    const { examine, writeRules } = await openClinic(t)
    const rules = await writeRules([{ app_role: ENGINEERING, role: 'admin' }])
    const { find } = await examine('roles', rules)
    assert.deepEqual(find('role_rule_value_is_id').items, [`app_role ${ENGINEERING} → admin`])
  })
})

describe('what the doctor finds in refusals', () => {
  it('a number of Entra that all of the recent ones have, with its remedy (O7)', async (t) => {
    const { rig, signIn, examine } = await openClinic(t)
    await signIn(people.alice)
    for (const person of [people.bob, people.alice]) {
      rig.emulator.setFault({
        kind: 'oauth_error',
        on: 'token',
        error: 'invalid_client',
        code: 7_000_215,
      })
      await signIn(person)
    }
    const { find } = await examine('claims')
    const { what, fix } = find('sign_ins_refused_alike')
    assert.match(what, /All 2 recent refusals .*AADSTS7000215/)
    assert.ok((fix ?? '').length > 20, fix)
  })

  it('nothing where they have different reasons, or there is one alone', async (t) => {
    const { rig, signIn, examine } = await openClinic(t)
    const refuse = async (code: number) => {
      rig.emulator.setFault({ kind: 'oauth_error', on: 'token', error: 'invalid_client', code })
      await signIn(people.bob)
    }
    await refuse(7_000_215)
    assert.ok(!(await examine('claims')).troubles.includes('sign_ins_refused_alike'))
    await refuse(7_000_222)
    assert.ok(!(await examine('claims')).troubles.includes('sign_ins_refused_alike'))
  })
})

describe('what the doctor finds among connections', () => {
  it('two organizations with the same directory and application', async (t) => {
    const { rig, examine } = await openClinic(t)
    await addConnection(rig, { name: 'Customer' })
    const { find } = await examine('entra')
    const { items } = find('connections_share_application')
    assert.equal(items.length, 2)
    assert.match(items.join(), /con_customer \(Customer\) of org_customer/)
  })

  it('nothing where the directories differ', async (t) => {
    const { rig, examine } = await openClinic(t)
    const tenants = {
      kind: 'allow_list',
      tenantIds: ['99999999-9999-4999-8999-999999999999'],
    } as const
    await addConnection(rig, { tenants })
    const { troubles } = await examine('entra')
    assert.ok(!troubles.includes('connections_share_application'), CONTOSO)
  })
})
