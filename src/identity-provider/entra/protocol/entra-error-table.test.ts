import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type EntraErrorEntry, entraErrors } from './entra-error-table.ts'
import { accountErrors } from './entra-error-table-account.ts'
import { authorityErrors } from './entra-error-table-authority.ts'
import { consentErrors } from './entra-error-table-consent.ts'
import { credentialErrors } from './entra-error-table-credential.ts'
import { grantErrors } from './entra-error-table-grant.ts'
import { oauthErrors } from './entra-error-table-oauth.ts'
import { policyErrors } from './entra-error-table-policy.ts'
import { registrationErrors } from './entra-error-table-registration.ts'
import { requestErrors } from './entra-error-table-request.ts'
import { samlErrors } from './entra-error-table-saml.ts'

// Written by hand from the wire contract, not from the table.
const documentedCodes = `
  16000 50011 50020 50034 50053 50055 50056 50057 50058 50059 50128 50072 50079 50074 50076 50078
  50089 50097 53000 53001 50105 50126 50140 50173 50194 50196 501461 50146 501481 50147 500011
  500208 500212 500213 51004 53003 530032 530035 53011 54005 65001 65004 65005 650056 650057 650052
  70000 700005 700016 700025 700027 700054 70008 700082 700084 70011 700022 700023 70043 7000112
  7000215 7000218 7000222 75005 7500529 75008 76021 76026 75011 75016 90002 90008 90014 900144
  90023 9002313 90038 90043 900432 900382 90072 90094 90095 90099 900561 900971 901002 9001023
  90130 9002332 9002325 9002326
`
const codesNamedElsewhere =
  '500031 500113 50061 50068 50070 50071 70021 700024 700211 700212 700213 700229 75003 75006 90011 90033'

const entries: readonly (readonly [string, EntraErrorEntry])[] = [
  ...Object.entries(entraErrors),
  ...Object.entries(oauthErrors),
]

describe('entraErrors', () => {
  it('explains every number of the wire contract, and no other', () => {
    const expected = `${documentedCodes} ${codesNamedElsewhere}`.trim().split(/\s+/).map(Number)
    const actual = Object.keys(entraErrors).map(Number)

    assert.deepEqual(
      actual.toSorted((a, b) => a - b),
      expected.toSorted((a, b) => a - b),
    )
  })

  it('explains no number twice', () => {
    const themes = [
      accountErrors,
      policyErrors,
      registrationErrors,
      authorityErrors,
      credentialErrors,
      grantErrors,
      consentErrors,
      requestErrors,
      samlErrors,
    ]
    const numbers = themes.flatMap((theme) => Object.keys(theme))

    assert.equal(new Set(numbers).size, numbers.length)
  })

  it('says everything in whole sentences', () => {
    for (const [code, entry] of entries) {
      assert.match(entry.name, /\S/, code)
      for (const sentence of [entry.whatHappened, entry.remedy, entry.shown]) {
        assert.match(sentence, /^\S.{10,}[^.\s]\.$/, `${code}: ${sentence}`)
        assert.doesNotMatch(sentence, /<|undefined/, `${code}: ${sentence}`)
      }
    }
  })

  it('spares the person who tried to sign in numbers and jargon', () => {
    const jargon =
      /AADSTS|\d{4}|ENTRADA_|entra\.microsoft|token|OAuth|SAML|OIDC|PKCE|URI|tenant|scope|consent/i
    for (const [code, { shown }] of entries) {
      assert.doesNotMatch(shown, jargon, `${code}: ${shown}`)
    }
  })

  it('tells the person what to do', () => {
    const advice =
      /please|ask (your|the|its)|(sign|try) (in )?again|tell your|close the|use |answer|enrol|wait|sign in/i
    for (const [code, { shown }] of entries) assert.match(shown, advice, `${code}: ${shown}`)
  })

  it('names a concrete place wherever an administrator has to act', () => {
    const place = /[a-z]+\.microsoft\.com > |ENTRADA_[A-Z_]+[A-Z]|Partner Center|Active Directory/
    const administrators = ['operator', 'application_administrator', 'directory_administrator']
    for (const [code, { remedy, whoCanFix }] of entries) {
      if (administrators.includes(whoCanFix)) assert.match(remedy, place, `${code}: ${remedy}`)
    }
  })

  it('names only settings that exist', () => {
    const settings = [
      'ENTRADA_SERVER_URL',
      'ENTRADA_SECRET_KEYS',
      'ENTRADA_ENTRA_TENANT_ID',
      'ENTRADA_ENTRA_CLIENT_ID',
      'ENTRADA_ENTRA_CLIENT_SECRET',
      'ENTRADA_ENTRA_CLIENT_SECRET_EXPIRES',
      'ENTRADA_ENTRA_CLIENT_CERTIFICATE_FILE',
      'ENTRADA_ENTRA_FEDERATED_TOKEN_FILE',
      'ENTRADA_ENTRA_AUTHORITY',
    ]
    for (const [code, { remedy }] of entries) {
      for (const [name] of remedy.matchAll(/ENTRADA_[A-Z_]+/g)) {
        assert.ok(settings.includes(name), `${code}: ${name}`)
      }
    }
  })

  it('sends the redirect URI, a lapsed secret and a missing assignment to who can fix them', () => {
    assert.match(entraErrors[50011]?.remedy ?? '', /\{ENTRADA_SERVER_URL\}\/auth\/entra\/callback/)
    assert.equal(entraErrors[50011]?.where, 'entra_page')
    assert.equal(entraErrors[7000222]?.whoCanFix, 'operator')
    assert.match(entraErrors[7000215]?.remedy ?? '', /"Value".*not "Secret ID"/)
    assert.equal(entraErrors[50105]?.whoCanFix, 'application_administrator')
  })
})
