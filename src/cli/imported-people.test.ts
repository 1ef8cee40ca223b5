import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { readImportedPeople } from './imported-people.ts'

const TID = '11111111-1111-4111-8111-111111111111'
const OID = 'aaaaaaaa-0000-4000-8000-000000000001'
const SUB = 'AAAAAAAAAAAAAAAAAAAAAIkzqFVrSaSaFHy782bbtaQ'

const idToken = (claims: object) =>
  ['e30', Buffer.from(JSON.stringify(claims)).toString('base64url'), 'c2ln'].join('.')
const lines = (...rows: readonly object[]) => rows.map((row) => JSON.stringify(row)).join('\n')
const reasonsIn = (text: string, tenant?: string) =>
  readImportedPeople(text, { tenant }).rows.map((row) =>
    row.kind === 'person' ? 'taken' : row.reason,
  )

describe('readImportedPeople', () => {
  it('takes nobody whose ids are in the file twice and differ (S11)', () => {
    const other = 'aaaaaaaa-0000-4000-8000-000000000002'
    const rows = [
      { oid: OID, object_id: other, tid: TID },
      { oid: OID, tid: TID, tenantId: other },
      { oid: OID, Oid: OID.toUpperCase(), tid: TID },
    ]
    assert.deepEqual(reasonsIn(lines(...rows)), ['contradiction', 'contradiction', 'taken'])
    const twice = `{"oid":"${OID}","oid":"${other}","tid":"${TID}"}`
    for (const text of [twice, `[${twice}]`]) {
      assert.throws(
        () => readImportedPeople(text),
        (error: Error) => {
          assert.match(error.message, /has the member oid twice/)
          return true
        },
      )
    }
  })

  it('takes the key of a person in either form, and of Entra alone', () => {
    const whole = `entra:china/${TID}/${OID}`
    const other = OID.replace(/1$/, '2')
    const texts = [whole, `${TID}/${other.toUpperCase()}`, 'oidc/https:%2F%2Fid.example/kim', 'kim']
    const { rows } = readImportedPeople(lines(...texts.map((person) => ({ person }))))
    const people = rows.map((row) => (row.kind === 'person' ? row.person : row.reason))
    assert.deepEqual(people, [
      { tid: TID, oid: OID, space: 'entra:china' },
      { tid: TID, oid: other },
      'other_provider',
      'not_a_key',
    ])
  })

  it('takes rows of Auth.js whose ID token was kept', () => {
    const row = {
      userId: 'cl123',
      provider: 'microsoft-entra-id',
      providerAccountId: SUB,
      id_token: idToken({ sub: SUB, oid: OID.toUpperCase(), tid: TID }),
      name: 'Alice Example',
      email: 'Alice@contoso.example',
    }
    assert.deepEqual(readImportedPeople(lines(row)).rows, [
      {
        line: 1,
        oldId: 'cl123',
        kind: 'person',
        person: {
          tid: TID,
          oid: OID,
          username: 'Alice@contoso.example',
          displayName: 'Alice Example',
          email: 'Alice@contoso.example',
        },
      },
    ])
  })

  it('takes rows of better-auth, also as a CSV file with its columns in snake case', () => {
    const token = idToken({ oid: OID, tid: TID })
    const csv = `id,user_id,provider_id,account_id,id_token\nac1,u1,microsoft,${SUB},${token}\n`
    const [row] = readImportedPeople(csv).rows
    assert.equal(row?.oldId, 'u1')
    assert.ok(row?.kind === 'person' && row.person.oid === OID && row.person.tid === TID)
    const camel = {
      id: 'ac1',
      userId: 'u1',
      providerId: 'microsoft',
      accountId: SUB,
      idToken: token,
    }
    assert.deepEqual(reasonsIn(JSON.stringify([camel])), ['taken'])
  })

  const since17 = { userId: 'u1', providerId: 'microsoft', accountId: OID.toUpperCase() }
  const issuer = `https://login.microsoftonline.com/${TID}/v2.0`
  const other = '22222222-2222-4222-8222-222222222222'
  const byShape: readonly (readonly [
    name: string,
    row: object,
    tenant: string | undefined,
    outcome: string,
  ])[] = [
    ['a GUID and an issuer', { ...since17, issuer }, undefined, 'taken'],
    [
      'a GUID and an issuer of sts.windows.net',
      { ...since17, issuer: `https://sts.windows.net/${TID}/` },
      undefined,
      'taken',
    ],
    ['a GUID and its tenant by --tenant', since17, TID, 'taken'],
    ['a GUID and no tenant', since17, undefined, 'no_tenant_id'],
    [
      'a GUID and an issuer that names no tenant',
      { ...since17, issuer: 'local:oauth:microsoft' },
      undefined,
      'no_tenant_id',
    ],
    [
      'a GUID and such an issuer, with --tenant',
      { ...since17, issuer: 'local:oauth:microsoft' },
      TID,
      'taken',
    ],
    ['a GUID of another tenant', { ...since17, issuer }, other, 'other_tenant'],
    [
      'a GUID whose token cannot be read',
      { ...since17, issuer, idToken: 'encrypted' },
      undefined,
      'taken',
    ],
    [
      'a GUID as 1.7 release candidates called it',
      { userId: 'u1', providerId: 'microsoft', providerAccountId: OID, issuer },
      undefined,
      'taken',
    ],
    ['a sub and an issuer', { ...since17, accountId: SUB, issuer }, undefined, 'only_sub'],
    [
      'a sub, an issuer and a token',
      { ...since17, accountId: SUB, issuer, idToken: idToken({ oid: OID, tid: TID }) },
      undefined,
      'taken',
    ],
    [
      'an issuer and a token of two tenants',
      { ...since17, issuer, idToken: idToken({ oid: OID, tid: other }) },
      undefined,
      'contradiction',
    ],
    [
      'a tenant column and an issuer of two tenants',
      { oid: OID, tid: other, issuer },
      undefined,
      'contradiction',
    ],
    [
      'a personal account by its issuer',
      {
        ...since17,
        issuer: 'https://login.microsoftonline.com/9188040d-6c67-4c5b-b112-36a304b66dad/v2.0',
      },
      undefined,
      'personal_account',
    ],
    [
      'a personal account by its id alone',
      { ...since17, accountId: '00000000-0000-0000-66f3-3332eca7ea81' },
      TID,
      'personal_account',
    ],
    [
      'a GUID of another provider',
      { ...since17, providerId: 'okta', issuer },
      undefined,
      'other_provider',
    ],
    [
      'an accountId of the application itself',
      { ...since17, accountId: other, oid: OID, tid: TID },
      undefined,
      'taken',
    ],
  ]
  for (const [name, row, tenant, outcome] of byShape) {
    it(`tells an object id from a sub by its shape: ${name} is ${outcome} (O16)`, () => {
      const [found] = readImportedPeople(lines(row), { tenant }).rows
      assert.equal(found?.kind === 'person' ? 'taken' : found?.reason, outcome)
      if (found?.kind === 'person')
        assert.deepEqual([found.person.oid, found.person.tid], [OID, TID])
    })
  }

  it('takes profiles of passport-azure-ad as they were stored, and accounts of MSAL', () => {
    const profile = { id: 7, oid: OID, upn: 'alice@contoso.example', _json: { oid: OID, tid: TID } }
    const [row] = readImportedPeople(lines(profile)).rows
    assert.ok(row?.kind === 'person' && row.person.username === 'alice@contoso.example')
    assert.equal(row?.oldId, '7')
    assert.deepEqual(reasonsIn(lines({ homeAccountId: `${OID}.${TID}` })), ['taken'])
    const iss = `https://sts.windows.net/${TID}/`
    assert.deepEqual(reasonsIn(lines({ oid: OID, iss })), ['taken'])
  })

  it('takes the tenant of all from the command line where rows have none', () => {
    assert.deepEqual(reasonsIn(lines({ oid: OID })), ['no_tenant_id'])
    assert.deepEqual(reasonsIn(lines({ oid: OID }), TID.toUpperCase()), ['taken'])
    const other = '22222222-2222-4222-8222-222222222222'
    assert.deepEqual(reasonsIn(lines({ oid: OID, tid: other }), TID), ['other_tenant'])
  })

  it('never takes an email address, or a sub, for a person', () => {
    const email = 'alice@contoso.example'
    assert.deepEqual(reasonsIn(lines({ email }, { email, sub: SUB }), TID), [
      'no_object_id',
      'only_sub',
    ])
    const encrypted = { provider: 'microsoft', accountId: SUB, idToken: 'f00dbabe', email }
    assert.deepEqual(reasonsIn(lines(encrypted), TID), ['id_token_unreadable'])
  })

  it('leaves out what is nobody of a directory, or two at once', () => {
    const personal = '9188040d-6c67-4c5b-b112-36a304b66dad'
    const other = OID.replace('aaaaaaaa', 'bbbbbbbb')
    const rows = [
      { provider: 'github', providerAccountId: '1' },
      { oid: OID, tid: personal },
      { oid: 'alice', tid: TID },
      { oid: OID, tid: TID, id_token: idToken({ oid: other, tid: TID }) },
      { oid: OID, tid: TID },
      { oid: OID.toUpperCase(), tid: TID, userId: 'again' },
    ]
    assert.deepEqual(reasonsIn(lines(...rows)), [
      'other_provider',
      'personal_account',
      'not_a_guid',
      'contradiction',
      'taken',
      'twice',
    ])
  })

  it('takes the same ids in two clouds for two people, and ids alone for a person of either', () => {
    const inCloud = (cloud: string) => ({ person: `entra:${cloud}/${TID}/${OID}` })
    const ids = { tid: TID, oid: OID }
    const rows = [inCloud('china'), inCloud('global'), inCloud('china'), ids]
    assert.deepEqual(reasonsIn(lines(...rows)), ['taken', 'taken', 'twice', 'twice'])
  })

  it('says which line cannot be read', () => {
    const problem = (text: string) => {
      try {
        readImportedPeople(text)
      } catch (error) {
        return JSON.stringify(error)
      }
      return 'read'
    }
    assert.match(problem('{"oid":"a"}\n{"oid":'), /line 2 is not valid JSON/)
    assert.match(problem('[1]'), /line 1 is no JSON object/)
    assert.match(problem('[{'), /request_invalid/)
    assert.match(problem('oid,tid\na,b,c'), /line 2 has more fields/)
    assert.equal(problem(''), 'read')
    assert.deepEqual(reasonsIn(`\ufeffoid,tid\n${OID},${TID}\n`), ['taken'])
  })
})
