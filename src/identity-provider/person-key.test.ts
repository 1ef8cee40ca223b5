import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { PersonKey } from '../storage/records.ts'
import { formatPersonKey, keyOfNamed, parsePersonName, shownKey } from './person-key.ts'

const TENANT = '11111111-1111-4111-8111-11111111111a'
const PERSON = '0a000000-0000-4000-8000-000000000001'
const ofEntra: PersonKey = { space: 'entra:global', directory: TENANT, subject: PERSON }

const keys: readonly (readonly [string, PersonKey])[] = [
  [`entra:global/${TENANT}/${PERSON}`, ofEntra],
  [
    'oidc/https:%2F%2Fid.example%2Fa%20b/Kim%2C%201%2F2%25',
    { space: 'oidc', directory: 'https://id.example/a b', subject: 'Kim, 1/2%' },
  ],
  ['saml:con_1/urn:x:y/Zo%C3%AB', { space: 'saml:con_1', directory: 'urn:x:y', subject: 'Zoë' }],
]

describe('the text form of a person’s key', () => {
  for (const [text, key] of keys) {
    it(`of ${key.space} is ${text}, and is read back as the same key`, () => {
      assert.equal(formatPersonKey(key), text)
      assert.deepEqual(parsePersonName(text), { kind: 'key', key })
    })
  }

  it('folds the letter case of Entra’s ids and keeps that of every other space', () => {
    const shouted = parsePersonName(`entra:GLOBAL/${TENANT.toUpperCase()}/${PERSON.toUpperCase()}`)
    assert.deepEqual(shouted, { kind: 'key', key: ofEntra })
    assert.deepEqual(parsePersonName('oidc/X/Y'), {
      kind: 'key',
      key: { space: 'oidc', directory: 'X', subject: 'Y' },
    })
  })

  it('has a short form for a person of Entra, whose cloud the reader knows', () => {
    const named = parsePersonName(`${TENANT.toUpperCase()}/${PERSON}`)
    assert(named !== undefined)
    assert.deepEqual(keyOfNamed(named, 'global'), ofEntra)
    assert.deepEqual(keyOfNamed(named, 'china'), { ...ofEntra, space: 'entra:china' })
    assert.deepEqual(keyOfNamed({ kind: 'key', key: ofEntra }, 'china'), ofEntra)
  })

  for (const text of [
    '',
    TENANT,
    `${TENANT}/kim`,
    `${TENANT}/${PERSON}/`,
    `entra/${TENANT}/${PERSON}`,
    `entra:/${TENANT}/${PERSON}`,
    'entra:global/contoso.com/kim',
    'oidc//kim',
    'oidc:x/y/z',
    'saml/x/y',
    'saml:/x/y',
    'ldap:x/y/z',
    'oidc/%zz/kim',
    'oidc/a/b/c',
    `oidc/a/${'b'.repeat(256)}`,
    `oidc/${'a'.repeat(513)}/b`,
    'oidc/a/%00',
    'oidc/a/b%0A',
    'oidc/a/\ud800',
    `entra: global/${TENANT}/${PERSON}`,
    `entra:global%0A/${TENANT}/${PERSON}`,
  ]) {
    it(`is not ${text.slice(0, 60)}`, () => {
      assert.equal(parsePersonName(text), undefined)
    })
  }
})

describe('a key that is shown', () => {
  it('has Microsoft’s names for its parts where Entra vouches for the person, and there alone', () => {
    assert.deepEqual(shownKey(ofEntra), { tid: TENANT, oid: PERSON, ...ofEntra })
    const [, [, other] = ['', ofEntra]] = keys
    assert.deepEqual(shownKey(other), other)
  })
})
