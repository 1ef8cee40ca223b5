import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type ApiCaller, decideRight } from './decide-right.ts'
import { type Scope, type ScopeRow, scopes, scopeTable } from './scope-table.ts'

const view = {} as Extract<ApiCaller, { kind: 'member' }>['view'] // not looked at here
const member = (...roles: readonly string[]): ApiCaller => ({
  kind: 'member',
  actor: { kind: 'user', id: 'usr_1' },
  view,
  organizationId: 'org_own',
  roles,
})
const key = (scopes: readonly Scope[], organizationId?: 'org_own'): ApiCaller => ({
  kind: 'api_key',
  actor: { kind: 'api_key', id: 'key_1' },
  scopes: scopes,
  organizationId,
})
const operator: ApiCaller = { kind: 'operator', actor: { kind: 'operator', id: 'operator_token' } }

const own = { organizationId: 'org_own' }
const foreign = { organizationId: 'org_other' }

/** Each right against each caller: of the own organization, of another, of the whole deployment. */
const outcomes = (caller: ApiCaller, scope: Scope) =>
  [own, foreign, 'deployment', 'own'].map(
    (target) => decideRight(caller, scope, target as typeof own | 'own').kind,
  )
const all = ['allowed', 'allowed', 'allowed', 'allowed']
const nothing = ['forbidden', 'forbidden', 'forbidden', 'forbidden']
const ownOnly = ['allowed', 'hidden', 'forbidden', 'allowed']

describe('decideRight', () => {
  for (const scope of scopes) {
    const { roles }: ScopeRow = scopeTable[scope]
    it(`gives ${scope} to whom the table says, and to nobody else (I14)`, () => {
      const holds = (role: 'organization_admin' | 'auditor') =>
        roles.includes(role) ? ownOnly : nothing
      assert.deepEqual(outcomes(operator, scope), all)
      assert.deepEqual(outcomes(member(), scope), nothing)
      assert.deepEqual(outcomes(member('admin', 'member'), scope), nothing)
      assert.deepEqual(outcomes(member('organization_admin'), scope), holds('organization_admin'))
      assert.deepEqual(outcomes(member('auditor'), scope), holds('auditor'))
      assert.deepEqual(outcomes(key([scope]), scope), all)
      assert.deepEqual(outcomes(key([scope], 'org_own'), scope), ownOnly)
      const others = scopes.filter((candidate) => candidate !== scope)
      assert.deepEqual(outcomes(key(others), scope), nothing)
      assert.deepEqual(outcomes(key([]), scope), nothing)
    })
  }
})

describe('the table of rights', () => {
  it('lets auditors read, and nothing else', () => {
    const heldScopes = scopes.filter((scope) =>
      (scopeTable[scope].roles as readonly string[]).includes('auditor'),
    )
    assert.ok(heldScopes.length > 3)
    assert.deepEqual(
      heldScopes.filter((scope) => !scope.endsWith(':read')),
      [],
    )
  })

  it('gives roles of an organization nothing that is the whole deployment’s', () => {
    const wrong = Object.entries<ScopeRow>(scopeTable).filter(
      ([, { within, roles }]) => within === 'deployment' && roles.length > 0,
    )
    assert.deepEqual(wrong, [])
  })
})
