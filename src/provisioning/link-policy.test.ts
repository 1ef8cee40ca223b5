import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { connectionOf, identityOf, membershipOf } from '../../test/support/samples.ts'
import { decideLink, type LinkCandidate } from './link-policy.ts'

const membership = membershipOf()
const candidate: LinkCandidate = {
  membership,
  userStatus: 'active',
}
const verified = { policies: { linking: 'verified' } } as const

/** Everything that a link needs. */
const sound = {
  connection: connectionOf(verified),
  identity: identityOf({ email: 'alice@contoso.com', emailDomainOwnerVerified: true }),
  emailDomainProven: false,
  candidates: [candidate],
}

/** The same, vouched for by the organization's proof in place of Entra's word. */
const soundByDomain = {
  ...sound,
  emailDomainProven: true,
  identity: { ...sound.identity, emailDomainOwnerVerified: false },
}

describe('decideLink', () => {
  it('links a member of the pinned tenant whose address Entra vouches for, and says why', () => {
    assert.deepEqual(decideLink(sound), {
      kind: 'link',
      membership,
      reason: 'email_domain_owner_verified',
    })
  })

  it('links a member of the pinned tenant whose domain the organization has proven, and says why', () => {
    const linked = { kind: 'link', membership, reason: 'email_domain_proven' }
    assert.deepEqual(decideLink(soundByDomain), linked)
    assert.deepEqual(decideLink({ ...soundByDomain, identity: sound.identity }), linked)
  })

  const { identity } = sound
  const allowList = { kind: 'allow_list', tenantIds: [identity.key.directory] } as const
  const refused: readonly (readonly [string, Partial<typeof sound>, string])[] = [
    ['the connection links nobody, which is the default', { connection: connectionOf() }, 'policy'],
    [
      'any of several tenants may sign in (B01)',
      { connection: connectionOf({ ...verified, tenants: allowList }) },
      'tenant_not_pinned',
    ],
    ['the person is a guest (B01)', { identity: { ...identity, guest: true } }, 'not_a_member'],
    [
      'the account is a personal one (B09)',
      { identity: { ...identity, personalAccount: true } },
      'not_a_member',
    ],
    [
      'nobody vouches for the address (B02)',
      { identity: { ...identity, emailDomainOwnerVerified: false } },
      'email_not_proven',
    ],
    ['nobody has this address', { candidates: [] }, 'no_candidate'],
    ['two have this address', { candidates: [candidate, candidate] }, 'several_candidates'],
  ]
  for (const [what, changes, because] of refused) {
    it(`links nobody when ${what}`, () => {
      assert.deepEqual(decideLink({ ...sound, ...changes }), { kind: 'no_link', because })
      if (because === 'email_not_proven') return
      const byDomain = decideLink({ ...soundByDomain, ...changes })
      assert.deepEqual(byDomain, { kind: 'no_link', because }, 'with a proven domain')
    })
  }

  const disabled: readonly LinkCandidate[] = [
    { ...candidate, userStatus: 'disabled' },
    { ...candidate, membership: membershipOf({ status: 'disabled' }) },
  ]
  for (const candidate of disabled) {
    it('says so when it is somebody who is disabled, so that no second user is made (B16)', () => {
      assert.deepEqual(decideLink({ ...sound, candidates: [candidate] }), { kind: 'disabled' })
    })
  }
})
