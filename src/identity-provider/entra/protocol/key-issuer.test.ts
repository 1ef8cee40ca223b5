import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { SigningKey } from '../../../protocol/signing-keys.ts'
import { mayKeySignFor } from './key-issuer.ts'

const TENANT = '72f988bf-86f1-41af-91ab-2d7cd011db47'

describe('mayKeySignFor', () => {
  const published = (issuer?: string): SigningKey => ({
    kid: 'one',
    n: 'modulus',
    e: 'AQAB',
    kty: 'RSA',
    ...(issuer === undefined ? {} : { issuer }),
  })
  const issuer = `https://login.microsoftonline.com/${TENANT}/v2.0`

  it('lets a key of the whole cloud sign for any tenant', () => {
    const template = 'https://login.microsoftonline.com/{tenantid}/v2.0'
    assert.equal(mayKeySignFor(published(template), issuer, TENANT), true)
  })

  it("lets a tenant's own key sign for that tenant, and for no other", () => {
    assert.equal(mayKeySignFor(published(issuer), issuer, TENANT), true)
    const elsewhere = issuer.replace(TENANT, '22222222-2222-4222-8222-222222222222')
    assert.equal(mayKeySignFor(published(elsewhere), issuer, TENANT), false)
  })

  it('does not let the key of personal accounts sign for a work tenant', () => {
    const personal = issuer.replace(TENANT, '9188040d-6c67-4c5b-b112-36a304b66dad')
    assert.equal(mayKeySignFor(published(personal), issuer, TENANT), false)
  })

  it('lets a key sign that says nothing about issuers, as some clouds publish them', () => {
    assert.equal(mayKeySignFor(published(), issuer, TENANT), true)
  })
})
