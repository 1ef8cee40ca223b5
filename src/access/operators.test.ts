import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { keyOf } from '../../test/support/samples.ts'
import { isOperator, type OperatorEvidence, operatorsIn, parseOperators } from './operators.ts'

const TENANT = '11111111-1111-4111-8111-11111111111a'
const PERSON = '0a000000-0000-4000-8000-00000000000a'
const GROUP = '1a000000-0000-4000-8000-00000000000a'

describe('parseOperators', () => {
  it('reads people, groups and app roles, the ids in lower case', () => {
    const text = ` user:${TENANT.toUpperCase()}/${PERSON} ,group:${GROUP.toUpperCase()},, app_role:Entrada.Admin `
    assert.deepEqual(parseOperators(text), [
      { kind: 'user', tid: TENANT, oid: PERSON },
      { kind: 'group', groupId: GROUP },
      { kind: 'app_role', value: 'Entrada.Admin' },
    ])
  })

  it('keeps a colon inside an app role', () => {
    assert.deepEqual(parseOperators('app_role:a:b'), [{ kind: 'app_role', value: 'a:b' }])
  })

  it('reads nothing from nothing', () => {
    assert.deepEqual(parseOperators(' , ,'), [])
  })

  const refused = [
    'alice@contoso.com',
    'user:alice@contoso.com',
    `user:${PERSON}`,
    `user:${TENANT}/`,
    `user:${TENANT}/${PERSON}/${PERSON}`,
    `user:contoso.com/${PERSON}`,
    `USER:${TENANT}/${PERSON}`,
    'group:Admins',
    'group:',
    `groups:${GROUP}`,
    'app_role:',
    'app_role',
    '*',
    '__proto__:x',
  ]
  for (const text of refused) {
    it(`refuses "${text}", and does not repeat it (B23, I25)`, () => {
      assert.throws(() => parseOperators(`app_role:x,${text}`), {
        message:
          'must be user:TENANT_ID/OBJECT_ID, user:entra:CLOUD/TENANT_ID/OBJECT_ID, group:GROUP_ID or app_role:VALUE, separated by commas',
      })
    })
  }
})

describe('isOperator', () => {
  const key = keyOf({ directory: TENANT, subject: PERSON })
  const nobody: OperatorEvidence = { key, groups: [], appRoles: [] }
  const group = operatorsIn('global', parseOperators(`group:${GROUP}`))

  it('knows a person by tenant and object id together (B22)', () => {
    const operators = operatorsIn('global', parseOperators(`user:${TENANT}/${PERSON}`))
    assert.equal(isOperator(operators, nobody), true)
    assert.equal(isOperator(operators, { ...nobody, key: { ...key, directory: GROUP } }), false)
    assert.equal(isOperator(operators, { ...nobody, key: { ...key, subject: GROUP } }), false)
  })

  it('knows a person by their whole key, and by the short form in one cloud alone', () => {
    const whole = operatorsIn('china', parseOperators(`user:entra:global/${TENANT}/${PERSON}`))
    assert.equal(isOperator(whole, nobody), true)
    const elsewhere = operatorsIn('china', parseOperators(`user:${TENANT}/${PERSON}`))
    assert.equal(isOperator(elsewhere, nobody), false)
    const other = {
      ...nobody,
      key: { space: 'oidc', directory: 'https://id.example', subject: 'Kim' },
    } as const
    assert.throws(() => parseOperators('user:oidc/https:%2F%2Fid.example/Kim'), /entra:CLOUD/)
    const listed = [{ kind: 'user', key: other.key }] as const
    assert.equal(isOperator(listed, other), true)
    assert.equal(isOperator(listed, { ...other, key: { ...other.key, subject: 'kim' } }), false)
  })

  it('knows a group by its id (B23)', () => {
    assert.equal(isOperator(group, { ...nobody, groups: ['x', GROUP] }), true)
    assert.equal(isOperator(group, { ...nobody, groups: ['Admins'] }), false)
  })

  it('knows an app role by its exact value', () => {
    const operators = operatorsIn('global', parseOperators('app_role:Admin'))
    assert.equal(isOperator(operators, { ...nobody, appRoles: ['Admin'] }), true)
    assert.equal(isOperator(operators, { ...nobody, appRoles: ['admin'] }), false)
    assert.equal(isOperator(operators, { ...nobody, groups: ['Admin'] }), false)
  })

  it('takes nobody for an operator when nobody is listed (B22)', () => {
    assert.equal(isOperator([], { ...nobody, groups: [GROUP], appRoles: ['Admin'] }), false)
  })
})
