import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { identityOf } from '../../test/support/samples.ts'
import { changedMembers, profileFrom } from './profile.ts'

const emailOf = (changes: Parameters<typeof identityOf>[0]) =>
  profileFrom(identityOf(changes)).email

describe('profileFrom', () => {
  it('takes over what Entra says for display', () => {
    const profile = profileFrom(
      identityOf({
        displayName: 'Alice Example',
        givenName: 'Alice',
        familyName: 'Example',
        userPrincipalName: 'alice@contoso.com',
        email: 'a.example@contoso.com',
        emailDomainOwnerVerified: true,
      }),
    )
    assert.deepEqual(profile, {
      displayName: 'Alice Example',
      givenName: 'Alice',
      familyName: 'Example',
      userPrincipalName: 'alice@contoso.com',
      email: { address: 'a.example@contoso.com', source: 'email_claim', proven: true },
      guest: false,
    })
  })

  it('needs no email and no name', () => {
    assert.deepEqual(profileFrom(identityOf({ guest: true })), { guest: true })
  })

  it('says where an address comes from, and takes only a vouched email for proven (B02)', () => {
    const address = 'a@contoso.com'
    const vouched = { emailDomainOwnerVerified: true }
    assert.deepEqual(emailOf({ email: address }), { address, source: 'email_claim', proven: false })
    assert.deepEqual(emailOf({ preferredUsername: address, ...vouched }), {
      address,
      source: 'preferred_username',
      proven: false,
    })
    assert.deepEqual(emailOf({ userPrincipalName: address, ...vouched }), {
      address,
      source: 'upn',
      proven: false,
    })
  })

  const noAddresses = [
    'alice',
    'alice@',
    '@contoso.com',
    'a@b@contoso.com',
    'a@evil.com@corp.com',
    '"a@corp.com"@evil.com',
    'a@corp.com,b@evil.com',
    'a b@contoso.com',
    'a@contoso.com\r\nBcc: x@evil.com',
    'Alice <a@contoso.com>',
    `${'a'.repeat(65)}@contoso.com`,
    `a@${'b'.repeat(191)}`,
  ]
  for (const email of noAddresses) {
    it(`does not take ${JSON.stringify(email.slice(0, 40))} for an address (B10)`, () => {
      assert.equal(emailOf({ email }), undefined)
    })
  }

  it('goes on to the next text that is an address', () => {
    assert.equal(
      emailOf({ email: 'none', preferredUsername: 'p@x.com' })?.source,
      'preferred_username',
    )
  })
})

describe('changedMembers', () => {
  const profile = profileFrom(identityOf({ displayName: 'A', email: 'a@x.com' }))

  it('names what differs, never the values (B05)', () => {
    const after = profileFrom(identityOf({ displayName: 'B', givenName: 'G', email: 'a@x.com' }))
    assert.deepEqual(changedMembers(profile, after), ['displayName', 'givenName'])
    assert.deepEqual(changedMembers(after, profile), ['displayName', 'givenName'])
  })

  it('notices an address that is now proven', () => {
    const after = profileFrom(
      identityOf({ displayName: 'A', email: 'a@x.com', emailDomainOwnerVerified: true }),
    )
    assert.deepEqual(changedMembers(profile, after), ['email'])
  })

  it('names nothing when nothing changed', () => {
    assert.deepEqual(changedMembers(profile, structuredClone(profile)), [])
  })
})
