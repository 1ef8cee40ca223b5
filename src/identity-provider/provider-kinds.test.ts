import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { EntradaError } from '../errors/errors.ts'
import { parseEntraError } from './entra/protocol/explain-entra-error.ts'
import {
  canSignIn,
  explainRefusal,
  findProviderError,
  isPersonalAccount,
  kindNameOf,
  kindOf,
  parseIssuer,
  providerKinds,
  readProviderError,
  spaceOf,
} from './provider-kinds.ts'

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

describe('what is asked of every kind', () => {
  const directory = '11111111-1111-4111-8111-111111111111'
  const subject = '22222222-2222-4222-8222-222222222222'
  const key = { space: 'entra:global', directory, subject } as const
  const ofAnother = { ...key, space: 'oidc' } as const
  /** The directory of all personal Microsoft accounts. */
  const personal = '9188040d-6c67-4c5b-b112-36a304b66dad'

  it('is who can sign in: nobody of a kind that has no row', () => {
    assert.equal(canSignIn(key), true)
    assert.equal(canSignIn(ofAnother), false)
    assert.equal(spaceOf({ protocol: 'oidc', cloud: 'Global' }), key.space)
  })

  it('is whether an account is personal, which only the kind that vouches for it knows', () => {
    assert.equal(isPersonalAccount({ ...key, directory: personal }), true)
    assert.equal(isPersonalAccount({ ...ofAnother, directory: personal }), false)
    assert.equal(isPersonalAccount(key), false)
  })

  it('is the directory of an issuer', () => {
    const { authority } = connection
    const issuer = { authority, tenantId: directory }
    assert.deepEqual(parseIssuer(`${authority}/${directory}/v2.0`), issuer)
    assert.equal(parseIssuer('https://accounts.example'), undefined)
  })

  it('is what an error means that is in a trace, or that a person copied', () => {
    assert.equal(findProviderError(50011)?.label, 'AADSTS50011')
    assert.equal(findProviderError(12345), undefined)
    assert.equal(readProviderError('AADSTS50011: The redirect URI …')?.code, 50011)
    assert.ok(readProviderError('AADSTS50012')?.near.includes('AADSTS50011'))
    assert.equal(readProviderError('no error at all'), undefined)
  })
})
