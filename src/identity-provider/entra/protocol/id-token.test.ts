import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { isEntradaError } from '../../../errors/errors.ts'
import { PERSONAL_ACCOUNTS_TENANT_ID } from '../../../protocol/guid.ts'
import { CLOCK_TOLERANCE_SECONDS } from '../../../protocol/id-token.ts'
import type { claimRules } from './claim-rules.ts'
import { issuerForTenant } from './discovery.ts'
import { checkEntraClaims, type EntraClaims, toVerifiedIdentity } from './id-token.ts'

const TENANT = '11111111-1111-4111-8111-111111111111'
const OTHER_TENANT = '22222222-2222-4222-8222-222222222222'
const PERSON = '0a000000-0000-4000-8000-00000000000a'
const CLIENT = '33333333-3333-4333-8333-333333333333'
const NOW = 1_795_348_800
const issuerOf = (tenant: string) => `https://login.microsoftonline.com/${tenant}/v2.0`

const stsOf = (tenant: string) => `https://sts.windows.net/${tenant}/`

type Claims = Readonly<Record<string, unknown>>

const sound: Claims = {
  ver: '2.0',
  iss: issuerOf(TENANT),
  aud: CLIENT,
  sub: 'pairwise',
  tid: TENANT,
  oid: PERSON,
  nonce: 'the nonce',
  exp: NOW + 3600,
  iat: NOW,
  nbf: NOW,
}

/** Sound claims with changes; `undefined` leaves one out. */
function claimsWith(changes: Claims): Claims {
  return Object.fromEntries(
    Object.entries({ ...sound, ...changes }).filter(([, value]) => value !== undefined),
  )
}

function check(changes: Claims = {}, issuer = issuerOf('{tenantid}')) {
  return checkEntraClaims(claimsWith(changes), {
    issuerForTenant: (tenant) => issuerForTenant(issuer, tenant),
    clientId: CLIENT,
    nonce: 'the nonce',
    now: new Date(NOW * 1000),
  })
}

describe('checkEntraClaims', () => {
  it('takes sound claims, and folds the letter case of the ids', () => {
    const { tid, oid, sub } = check({ oid: PERSON.toUpperCase() })
    assert.deepEqual({ tid, oid, sub }, { tid: TENANT, oid: PERSON, sub: 'pairwise' })
  })

  it("takes them also when the authority is one tenant's", () => {
    assert.equal(check({}, issuerOf(TENANT)).tid, TENANT)
  })

  const refused: readonly (readonly [string, Claims, string])[] = [
    ['the issuer is somebody else (A17)', { iss: 'https://evil.example/v2.0' }, 'iss'],
    ['the issuer is almost ours (A17)', { iss: `${issuerOf(TENANT)}/` }, 'iss'],
    ['the issuer is spelled otherwise (A17)', { iss: issuerOf(TENANT).toUpperCase() }, 'iss'],
    ['the issuer is missing (A18)', { iss: undefined }, 'iss'],
    ['the issuer is a list (A18)', { iss: [issuerOf(TENANT)] }, 'iss'],
    ['the issuer is the template itself (A18)', { iss: issuerOf('{tenantid}') }, 'iss'],
    ['tenant and issuer do not agree (A20)', { tid: OTHER_TENANT }, 'iss'],
    ['it is of version 1 (A22)', { ver: '1.0', iss: `https://sts.windows.net/${TENANT}/` }, 'ver'],
    ['it says version 1 only (A22)', { ver: '1.0' }, 'ver'],
    ['it says no version (A22)', { ver: undefined }, 'ver'],
    ['the version is a number (A22)', { ver: 2 }, 'ver'],
    ['it was made for somebody else (A23)', { aud: 'other' }, 'aud'],
    ['it names nobody it was made for (A23)', { aud: undefined }, 'aud'],
    ['it was made for an empty list (A23)', { aud: [] }, 'aud'],
    ['it was made for another spelling of us (A23)', { aud: ` ${CLIENT}` }, 'aud'],
    ['it was made for an object (A23)', { aud: { 0: CLIENT, length: 1 } }, 'aud'],
    ['it was made for us and a stranger (A24)', { aud: [CLIENT, 'other'] }, 'aud'],
    ['it was made for a stranger and us (A24)', { aud: ['other', CLIENT], azp: 'other' }, 'aud'],
    ['it was made for us twice (A24)', { aud: [CLIENT, CLIENT] }, 'aud'],
    ['it was made for a list in a list (A24)', { aud: [[CLIENT]] }, 'aud'],
    ['sub is missing (A26)', { sub: undefined }, 'sub'],
    ['sub is empty (A26)', { sub: '' }, 'sub'],
    ['sub is a number (A26)', { sub: 1 }, 'sub'],
    ['sub has no end (A26)', { sub: 's'.repeat(2049) }, 'sub'],
    ['oid is missing (A26)', { oid: undefined }, 'oid'],
    ['oid is empty (A26)', { oid: '' }, 'oid'],
    ['oid is a list (A26)', { oid: [PERSON] }, 'oid'],
    ['oid is a query (A26)', { oid: { $ne: null } }, 'oid'],
    ['oid has a line break (A26)', { oid: `${PERSON}\n` }, 'oid'],
    ['tid is missing (A26)', { tid: undefined }, 'tid'],
    ['tid is no GUID (A26)', { tid: 'not-a-guid' }, 'tid'],
    ['tid is a domain (A26)', { tid: 'contoso.com' }, 'tid'],
    ['exp is missing (A27)', { exp: undefined }, 'exp'],
    ['exp is text (A27)', { exp: String(NOW + 3600) }, 'exp'],
    ['exp is null (A27)', { exp: null }, 'exp'],
    ['exp is not finite (A27)', { exp: Number.POSITIVE_INFINITY }, 'exp'],
    ['exp is no number (A27)', { exp: Number.NaN }, 'exp'],
    ['iat is missing (A27)', { iat: undefined }, 'iat'],
    ['iat is text (A27)', { iat: String(NOW) }, 'iat'],
    ['it expired an hour ago (A28)', { exp: NOW - 3600 }, 'exp'],
    ['it expired a second too long ago (A28)', { exp: NOW - 121 }, 'exp'],
    ['it expired exactly the skew ago (A28)', { exp: NOW - 120 }, 'exp'],
    ['it is valid in an hour only (A30)', { nbf: NOW + 3600 }, 'nbf'],
    ['it is valid a second too late (A30)', { nbf: NOW + 121 }, 'nbf'],
    ['nbf is text (A30)', { nbf: 'now' }, 'nbf'],
    ['nbf is null (A30)', { nbf: null }, 'nbf'],
    ['it was issued two hours from now (A30)', { iat: NOW + 7200 }, 'iat'],
    ['it was issued a second too late (A30)', { iat: NOW + 121 }, 'iat'],
    ['the nonce is another (A31)', { nonce: 'evil' }, 'nonce'],
    ['the nonce is missing (A31)', { nonce: undefined }, 'nonce'],
    ['the nonce is null (A31)', { nonce: null }, 'nonce'],
    ['the nonce is a list (A31)', { nonce: ['the nonce'] }, 'nonce'],
    ['the nonce is longer (A31)', { nonce: 'the nonce ' }, 'nonce'],
  ]
  for (const [what, changes, claim] of refused) {
    it(`refuses a token when ${what}`, () => {
      const present = Object.entries(changes).some(([name, v]) => name === claim && v !== undefined)
      const unchanged = !(claim in changes)
      const time = ['exp', 'iat', 'nbf'].includes(claim) ? Object.values(changes)[0] : undefined
      const off = Number.isFinite(time) ? { secondsFromNow: Number(time) - NOW } : {}
      assert.throws(() => check(changes), {
        code: 'id_token_claim_invalid',
        detail: { claim, present: present || unchanged, ...off },
      })
    })
  }

  const junk: readonly unknown[] = [null, {}, ['x', 1], 5, true, 'x'.repeat(2049)]
  const odd: Readonly<Record<keyof typeof claimRules, readonly unknown[]>> = {
    email: [...junk, '', ['a@contoso.com']],
    preferred_username: [...junk, ''],
    upn: [...junk, ''],
    idp: [...junk, '', [issuerOf(TENANT)]],
    sid: [...junk, ''],
    acct: [...junk.filter((value) => value !== null), null, 2, '', true, { toString: 1 }],
    xms_edov: [null, {}, [true], 2, 'yes', '', 'TRUE'],
    groups: [...junk.filter((value) => typeof value !== 'string'), 'g', '', [''], [null]],
    roles: ['Admin', null, {}, 1, [1], [['Admin']], ['']],
    hasgroups: [null, 1, 'yes', {}, []],
    _claim_names: ['groups', null, 1, true, ['groups']],
    name: junk,
    given_name: junk,
    family_name: junk,
    login_hint: junk,
  }
  for (const [claim, values] of Object.entries(odd)) {
    it(`refuses ${claim} by name when it is of another type, empty or endless (S15)`, () => {
      for (const value of values) {
        assert.throws(
          () => check({ [claim]: value }),
          { code: 'id_token_claim_invalid', detail: { claim, present: true } },
          JSON.stringify(value)?.slice(0, 50),
        )
      }
    })
  }

  it('takes every optional claim as Entra sends it', () => {
    check({
      email: 'a@contoso.com',
      preferred_username: 'a@contoso.com',
      acct: 0,
      xms_edov: '1',
      groups: [],
      roles: ['Admin'],
      hasgroups: 'true',
      _claim_names: { groups: 'src1' },
      name: '',
    })
  })

  it("refuses another tenant under one tenant's issuer (A20)", () => {
    assert.throws(() => check({ tid: OTHER_TENANT }, issuerOf(TENANT)), {
      code: 'id_token_claim_invalid',
    })
  })

  it('forgives clocks that differ by up to the skew (A28, A30)', () => {
    assert.equal(CLOCK_TOLERANCE_SECONDS, 120)
    for (const changes of [{ exp: NOW - 119 }, { nbf: NOW + 120 }, { iat: NOW + 120 }])
      check(changes)
  })

  it('needs no nbf', () => {
    assert.equal(check({ nbf: undefined }).sub, 'pairwise')
  })

  it('takes an audience that is a list of us alone (A24)', () => {
    assert.equal(check({ aud: [CLIENT] }).sub, 'pairwise')
  })

  it('lets nobody in with one claim replaced by junk, and says so in its own words', () => {
    const claim = fc.constantFrom('ver', 'iss', 'aud', 'sub', 'tid', 'oid', 'exp', 'nonce')
    fc.assert(
      fc.property(claim, fc.jsonValue(), (name, junk) => {
        try {
          check({ [name]: junk })
          return name === 'sub' || (name === 'exp' && Number(junk) > NOW)
        } catch (error) {
          return isEntradaError(error) && error.detail.claim === name
        }
      }),
    )
  })
})

/** What is made of claims that passed. */
function identityOf(changes: Claims = {}) {
  return toVerifiedIdentity(claimsWith(changes) as EntraClaims, 'global') // sound but for the change
}

describe('toVerifiedIdentity', () => {
  it('puts the claims into our words', () => {
    const identity = identityOf({
      name: 'Alice',
      given_name: 'A',
      family_name: 'E',
      preferred_username: 'alice@contoso.com',
      upn: 'alice@contoso.com',
      email: 'a@contoso.com',
      sid: 'sid',
      login_hint: 'hint',
      roles: ['Admin'],
    })
    const { claimNames, ...rest } = identity
    assert.deepEqual(rest, {
      key: { space: 'entra:global', directory: TENANT, subject: PERSON },
      sub: 'pairwise',
      displayName: 'Alice',
      givenName: 'A',
      familyName: 'E',
      preferredUsername: 'alice@contoso.com',
      userPrincipalName: 'alice@contoso.com',
      email: 'a@contoso.com',
      providerSession: 'sid',
      loginHint: 'hint',
      emailDomainOwnerVerified: false,
      guest: false,
      personalAccount: false,
      groups: { kind: 'absent' },
      appRoles: ['Admin'],
    })
    assert.deepEqual(claimNames.slice(0, 3), ['aud', 'email', 'exp'])
  })

  it('leaves out texts that are only displayed and empty', () => {
    const identity = identityOf({ name: '', given_name: '', login_hint: '' })
    for (const name of ['displayName', 'givenName', 'loginHint']) {
      assert.equal(name in identity, false, name)
    }
  })

  const edov: readonly (readonly [unknown, boolean])[] = [
    [true, true],
    [1, true],
    ['1', true],
    ['true', true],
    [false, false],
    [0, false],
    ['0', false],
    ['false', false],
    [undefined, false],
  ]
  for (const [value, proven] of edov) {
    it(`takes the email for ${proven ? 'proven' : 'not proven'} with xms_edov ${JSON.stringify(value)}`, () => {
      assert.equal(identityOf({ xms_edov: value }).emailDomainOwnerVerified, proven)
    })
  }

  const guests: readonly (readonly [string, Claims, boolean])[] = [
    ['acct 0', { acct: 0 }, false],
    ['acct "0"', { acct: '0' }, false],
    ['acct 0 whatever idp says', { acct: 0, idp: 'https://sts.windows.net/x/' }, false],
    ['acct 1', { acct: 1 }, true],
    ['acct "1"', { acct: '1' }, true],
    ['neither acct nor idp', {}, false],
    ['idp that is the issuer', { idp: issuerOf(TENANT) }, false],
    ['idp that is another tenant', { idp: issuerOf(OTHER_TENANT) }, true],
    ['idp live.com', { idp: 'live.com' }, true],
    ['idp that is the own directory at sts.windows.net (E7)', { idp: stsOf(TENANT) }, false],
    ['idp that is another directory at sts.windows.net (E7)', { idp: stsOf(OTHER_TENANT) }, true],
    [
      'idp that has our tenant id at a strange host (E7)',
      { idp: `https://x.example/${TENANT}/` },
      true,
    ],
    [
      'a personal account whose idp is live.com (E7)',
      { tid: PERSONAL_ACCOUNTS_TENANT_ID, idp: 'live.com' },
      false,
    ],
  ]
  for (const [what, changes, guest] of guests) {
    it(`takes a person with ${what} for ${guest ? 'a guest' : 'a member'}`, () => {
      assert.equal(identityOf(changes).guest, guest)
    })
  }

  it('knows a personal account by its tenant (B09)', () => {
    assert.equal(identityOf({ tid: '9188040d-6c67-4c5b-b112-36a304b66dad' }).personalAccount, true)
  })

  const groups: readonly (readonly [string, Claims, unknown])[] = [
    ['no claim', {}, { kind: 'absent' }],
    ['an empty list', { groups: [] }, { kind: 'known', ids: [] }],
    [
      'a list',
      { groups: [PERSON.toUpperCase(), 'Name'] },
      { kind: 'known', ids: [PERSON, 'Name'] },
    ],
    ['a claim name', { _claim_names: { groups: 'src1' } }, { kind: 'overage' }],
    [
      'a claim name and a list',
      { groups: ['a'], _claim_names: { groups: 's' } },
      { kind: 'overage' },
    ],
    ['hasgroups', { hasgroups: true }, { kind: 'overage' }],
    ['hasgroups as text', { hasgroups: 'true' }, { kind: 'overage' }],
    ['hasgroups false', { hasgroups: 'false' }, { kind: 'absent' }],
    ['claim names of something else', { _claim_names: { x: 's' } }, { kind: 'absent' }],
    [
      'claim names that inherit (S13)',
      { _claim_names: Object.create({ groups: 'x' }) },
      { kind: 'absent' },
    ],
  ]
  for (const [what, changes, expected] of groups) {
    it(`reads the groups from ${what} (A50)`, () => {
      assert.deepEqual(identityOf(changes).groups, expected)
    })
  }

  it('remembers the names of at most 100 claims', () => {
    const many = Object.fromEntries(Array.from({ length: 500 }, (_, index) => [`c${index}`, 1]))
    assert.equal(identityOf(many).claimNames.length, 100)
  })
})
