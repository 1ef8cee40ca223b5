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
  readImportedPeople(text, { tenant }).map((row) => (row.kind === 'person' ? 'taken' : row.reason))

describe('readImportedPeople', () => {
  it('takes rows of Auth.js whose ID token was kept', () => {
    const row = {
      userId: 'cl123',
      provider: 'microsoft-entra-id',
      providerAccountId: SUB,
      id_token: idToken({ sub: SUB, oid: OID.toUpperCase(), tid: TID }),
      name: 'Alice Example',
      email: 'Alice@contoso.example',
    }
    assert.deepEqual(readImportedPeople(lines(row)), [
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
    const [row] = readImportedPeople(csv)
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

  it('takes profiles of passport-azure-ad as they were stored, and accounts of MSAL', () => {
    const profile = { id: 7, oid: OID, upn: 'alice@contoso.example', _json: { oid: OID, tid: TID } }
    const [row] = readImportedPeople(lines(profile))
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

  it('says which line cannot be read', () => {
    const problem = (text: string) => {
      try {
        readImportedPeople(text)
      } catch (error) {
        return JSON.stringify(error)
      }
      return 'read'
    }
    assert.match(problem('{"oid":"a"}\n{"oid":'), /line 2 is no JSON object/)
    assert.match(problem('[1]'), /line 1 is no JSON object/)
    assert.match(problem('[{'), /request_invalid/)
    assert.match(problem('oid,tid\na,b,c'), /line 2 has more fields/)
    assert.equal(problem(''), 'read')
    assert.deepEqual(reasonsIn(`\ufeffoid,tid\n${OID},${TID}\n`), ['taken'])
  })
})
