import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { parseDirectory, seededDirectory } from './directory.ts'

const tenant = {
  id: '11111111-1111-4111-8111-111111111111',
  displayName: 'T',
  domains: ['T.example'],
}
const user = { id: 'aaaaaaaa-0000-4000-8000-000000000001', userPrincipalName: 'a@t.example' }

describe('parseDirectory', () => {
  it('fills in what a seed leaves out', () => {
    const directory = parseDirectory({ tenants: [{ ...tenant, users: [user] }] })
    assert.deepEqual(directory.tenants[0]?.domains, ['t.example'])
    assert.deepEqual(directory.tenants[0]?.users[0], {
      ...user,
      accountEnabled: true,
      kind: 'member',
      isAdministrator: false,
      memberOf: [],
    })
  })

  it('makes as many groups as "manyGroups" says, and the person a member of each', () => {
    const users = [{ ...user, manyGroups: 250 }]
    const [parsed] = parseDirectory({ tenants: [{ ...tenant, users }] }).tenants
    assert.equal(parsed?.groups.length, 250)
    assert.equal(new Set(parsed?.users[0]?.memberOf).size, 250)
  })

  it('names every misspelled or malformed member at once', () => {
    const users = [{ ...user, id: 'nonsense', maill: 'x' }]
    assert.throws(
      () => parseDirectory({ tenants: [{ ...tenant, users }] }),
      (error: Error) => {
        assert.match(error.message, /tenants\.0\.users\.0\.id: must be a GUID/)
        assert.match(error.message, /tenants\.0\.users\.0\.maill/)
        return true
      },
    )
  })

  it('refuses two people of one name, in any letter case', () => {
    const users = [user, { id: `${user.id.slice(0, -1)}2`, userPrincipalName: 'A@T.example' }]
    assert.throws(() => parseDirectory({ tenants: [{ ...tenant, users }] }), /occurs twice/)
  })

  it('refuses a group that does not exist', () => {
    const users = [{ ...user, memberOf: ['bbbbbbbb-0000-4000-8000-000000000001'] }]
    assert.throws(() => parseDirectory({ tenants: [{ ...tenant, users }] }), /no such group/)
  })

  it('refuses a guest whose home does not exist', () => {
    const home = { tenantId: tenant.id, userId: 'bbbbbbbb-0000-4000-8000-000000000009' }
    const users = [{ ...user, kind: 'guest', home }]
    assert.throws(() => parseDirectory({ tenants: [{ ...tenant, users }] }), /its home/)
  })
})

describe('seededDirectory', () => {
  it('has three tenants and five applications', () => {
    const { tenants, applications } = seededDirectory()
    assert.deepEqual(
      tenants.map(({ displayName }) => displayName),
      ['Contoso', 'Fabrikam', 'Northwind'],
    )
    assert.equal(applications.length, 5)
  })

  it('is what JSON says of it, read again', () => {
    const directory = seededDirectory()
    assert.deepEqual(parseDirectory(JSON.parse(JSON.stringify(directory))), directory)
  })
})
