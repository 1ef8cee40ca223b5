import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import type { SessionView } from '../storage/records.ts'
import { identityHeaders } from './identity-headers.ts'

const at = new Date(0)

function viewOf({
  address,
  proven = true,
  roles = [],
  groups,
  complete = true,
}: {
  readonly address?: string
  readonly proven?: boolean
  readonly roles?: readonly string[]
  readonly groups?: readonly string[]
  readonly complete?: boolean
}): SessionView {
  const dates = { createdAt: at, lastSeenAt: at, idleEndsAt: at, absoluteEndsAt: at }
  const email =
    address === undefined ? {} : { email: { address, source: 'email_claim', proven } as const }
  return {
    session: { id: 'ses_1', kind: 'user', tokenHash: '', host: 'sso.example.com', ...dates },
    user: { id: 'usr_1', status: 'active', createdAt: at, updatedAt: at },
    organization: { id: 'org_1', name: 'A', slug: 'a', settings: {}, createdAt: at, updatedAt: at },
    membership: {
      id: 'mem_1',
      userId: 'usr_1',
      organizationId: 'org_1',
      username: 'alice',
      profile: email,
      status: 'active',
      createdAt: at,
    },
    roles,
    ...(groups
      ? { groups: { groups, appRoles: [], complete, takenAt: at, source: 'claim' as const } }
      : {}),
  }
}

describe('identityHeaders', () => {
  it('says who it is', () => {
    const view = viewOf({
      address: 'alice+x@contoso.example',
      roles: ['a', 'b'],
      groups: ['g1', 'g2'],
    })
    assert.deepEqual(identityHeaders(view), {
      'X-Auth-Request-User': 'alice',
      'X-Auth-Request-Id': 'usr_1',
      'X-Auth-Request-Email': 'alice+x@contoso.example',
      'X-Auth-Request-Email-Unverified': '',
      'X-Auth-Request-Groups': 'g1,g2',
      'X-Auth-Request-Roles': 'a,b',
      'X-Auth-Request-Organization': 'org_1',
    })
  })

  it('has every header for nobody and for somebody of whom little is known, empty (G02)', () => {
    const nobody = identityHeaders(undefined)
    assert.deepEqual(Object.keys(nobody), Object.keys(identityHeaders(viewOf({}))))
    assert.ok(Object.values(nobody).every((value) => value === ''))
    assert.equal(identityHeaders(viewOf({}))['X-Auth-Request-Email'], '')
  })

  it('gives an address that nobody has proven a header of its own (S4)', () => {
    const view = viewOf({ address: 'root@contoso.example', proven: false })
    const emails = (headers: Readonly<Record<string, string>>) => [
      headers['X-Auth-Request-Email'],
      headers['X-Auth-Request-Email-Unverified'],
    ]
    assert.deepEqual(emails(identityHeaders(view)), ['', 'root@contoso.example'])
    assert.deepEqual(emails(identityHeaders(view, { forwardsUnproven: true })), [
      'root@contoso.example',
      'root@contoso.example',
    ])
  })

  it('leaves groups empty that are not known, or more than a header holds, rather than tell some', () => {
    const some = identityHeaders(viewOf({ groups: ['g1'], complete: false }))
    assert.equal(some['X-Auth-Request-Groups'], '')
    const many = Array.from({ length: 201 }, (_, index) => `g${index}`)
    assert.equal(identityHeaders(viewOf({ groups: many }))['X-Auth-Request-Groups'], '')
    const enough = identityHeaders(viewOf({ groups: many.slice(1) }))['X-Auth-Request-Groups']
    assert.equal(enough?.split(',').length, 200)
  })

  it('cannot be split, cut or listed differently by what a name holds', () => {
    const view = viewOf({ address: 'zoë\r\nX-Evil: 1@x', roles: ['a,b', 'c%2Cd', 'ü\ud800', ' '] })
    const headers = identityHeaders(view)
    assert.equal(headers['X-Auth-Request-Email'], 'zo%C3%AB%0D%0AX-Evil:%201@x')
    assert.equal(headers['X-Auth-Request-Roles'], 'a%2Cb,c%252Cd,%C3%BC%EF%BF%BD,%20')
  })

  it('can be read back, whatever it was', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'grapheme' }), { minLength: 1 }), (roles) => {
        const value = identityHeaders(viewOf({ roles }))['X-Auth-Request-Roles'] ?? ''
        assert.match(value, /^[\x21-\x7e]*$/)
        assert.deepEqual(
          value.split(',').map(decodeURIComponent),
          roles.map((role) => role.toWellFormed()),
        )
      }),
    )
  })
})
