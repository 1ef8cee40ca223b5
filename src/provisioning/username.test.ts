import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { identityOf } from '../../test/support/samples.ts'
import { numberedUsername, usernameFor } from './username.ts'

const fromUpn = (userPrincipalName: string) => usernameFor(identityOf({ userPrincipalName }))

describe('usernameFor', () => {
  const names: readonly (readonly [string, string])[] = [
    ['alice@contoso.com', 'alice'],
    ['Alice.Example@contoso.com', 'Alice-Example'],
    ['first_last-x9@contoso.com', 'first_last-x9'],
    ['grace_fabrikam.example#EXT#@contoso.com', 'grace_fabrikam-example'],
    ['grace_fabrikam.example#ext#@contoso.com', 'grace_fabrikam-example'],
    ['zoë.müller@contoso.com', 'zoe-muller'],
    ["o'neill+x@contoso.com", 'o-neill-x'],
    ['a@b@contoso.com', 'a-b'],
    ['.alice.@contoso.com', 'alice'],
    ['alice', 'alice'],
    ['@contoso.com', 'contoso-com'],
    ['山田@contoso.com', 'user'],
    ['---@contoso.com', 'user'],
    ['<script>alert(1)</script>@contoso.com', 'script-alert-1-script'],
    [`${'a'.repeat(80)}@contoso.com`, 'a'.repeat(50)],
    [`${'a'.repeat(49)}.b@contoso.com`, 'a'.repeat(49)],
  ]
  for (const [upn, username] of names) {
    it(`makes ${username.slice(0, 30)} from ${upn.slice(0, 40)}`, () => {
      assert.equal(fromUpn(upn), username)
    })
  }

  it('takes the UPN first, then what Entra shows, then the email, then the name', () => {
    const all = {
      userPrincipalName: 'u@x.com',
      preferredUsername: 'p@x.com',
      email: 'e@x.com',
      displayName: 'D N',
    }
    assert.equal(usernameFor(identityOf(all)), 'u')
    const { userPrincipalName: _u, ...withoutUpn } = all
    assert.equal(usernameFor(identityOf(withoutUpn)), 'p')
    assert.equal(usernameFor(identityOf({ email: 'e@x.com', displayName: 'D N' })), 'e')
    assert.equal(usernameFor(identityOf({ displayName: 'D N' })), 'D-N')
  })

  it('needs none of them', () => {
    assert.equal(usernameFor(identityOf()), 'user')
  })

  it('makes 1 to 50 characters of [a-zA-Z0-9-_] from any text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (text) => {
        assert.match(fromUpn(text), /^[a-zA-Z0-9_-]{1,50}$/)
      }),
    )
  })
})

const numberedUsernames = (wanted: string, count: number) =>
  Array.from({ length: count }, (_, index) => numberedUsername(wanted, index + 1))

describe('numberedUsername', () => {
  it('begins with the wanted name and goes on counting', () => {
    assert.deepEqual(numberedUsernames('alice', 4), ['alice', 'alice-2', 'alice-3', 'alice-4'])
  })

  it('cuts a long name rather than grow beyond 50 characters', () => {
    const wanted = 'a'.repeat(50)
    const names = numberedUsernames(wanted, 1200)
    assert.equal(names[1], `${'a'.repeat(48)}-2`)
    assert.equal(names[1199], `${'a'.repeat(45)}-1200`)
    assert.equal(
      names.every((name) => name.length === 50),
      true,
    )
  })

  it('never gives the same name twice', () => {
    const names = numberedUsernames('a'.repeat(50), 20_000)
    assert.equal(new Set(names).size, names.length)
  })
})
