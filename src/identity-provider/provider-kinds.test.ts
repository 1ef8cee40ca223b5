import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { EntradaError } from '../errors/errors.ts'
import { parseEntraError } from './entra/protocol/explain-entra-error.ts'
import { explainRefusal, kindNameOf, kindOf, providerKinds } from './provider-kinds.ts'

const connection = {
  protocol: 'oidc',
  authority: 'https://login.microsoftonline.com',
  tenants: { kind: 'pinned', tenant: 'contoso.example' },
} as const

describe('the kinds of identity providers', () => {
  it('are Entra for every connection that an earlier release stored', () => {
    assert.equal(kindNameOf(connection), 'entra')
    assert.equal(kindOf(connection).name, 'Microsoft Entra ID')
  })

  it('load the code that makes their providers', async () => {
    for (const { load } of Object.values(providerKinds)) {
      assert.equal(typeof (await load()), 'function')
    }
  })

  it('know the issuer of a connection, and no other', () => {
    const tenantId = '11111111-1111-4111-8111-111111111111'
    const { isIssuerOf } = kindOf(connection)
    assert.equal(isIssuerOf(connection, `${connection.authority}/${tenantId}/v2.0`), true)
    assert.equal(isIssuerOf(connection, 'https://accounts.example'), false)
    const pinned = { ...connection, tenants: { ...connection.tenants, tenantId } }
    const another = '22222222-2222-4222-8222-222222222222'
    assert.equal(isIssuerOf(pinned, `${connection.authority}/${another}/v2.0`), false)
  })
})

describe('explainRefusal', () => {
  it('explains an error that the provider sent, and none of our own', () => {
    const entra = parseEntraError({ error: 'invalid_client', error_codes: [7000215] })
    const refused = new EntradaError('client_credentials_refused', { entra })
    assert.equal(explainRefusal(refused)?.label, 'AADSTS7000215')
    assert.equal(explainRefusal(new EntradaError('guest_not_allowed')), undefined)
  })
})
