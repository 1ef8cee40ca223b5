import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { ConnectionField } from './connection-field.ts'
import { connectionFields } from './connection-fields.ts'
import { fromText, inWords, toStoredSettings, toText } from './field-values.ts'

const { policies, settings } = connectionFields

describe('fromText and toText', () => {
  const cases: readonly (readonly [string, ConnectionField, string, unknown])[] = [
    ['a word', policies.guests, 'allow', 'allow'],
    ['a switch', policies.signOutOfMicrosoft, 'true', true],
    ['a number', settings.recheckMinutes, '60', 60],
    ['a list', settings.emailDomains, 'contoso.com, example.net', ['contoso.com', 'example.net']],
    ['an object', settings.contact, 'it@contoso.com', { email: 'it@contoso.com' }],
    [
      'a choice of objects',
      settings.groups,
      'graph',
      { from: 'graph', nested: true, names: false },
    ],
  ]
  for (const [what, field, text, value] of cases) {
    it(`read and write ${what}`, () => {
      assert.deepEqual(fromText(field, text), value)
      assert.equal(toText(field, value), text)
    })
  }

  it('read empty text, and `none` for a field that may have no value, as null', () => {
    assert.equal(fromText(settings.recheckMinutes, ''), null)
    assert.equal(fromText(settings.recheckMinutes, 'none'), null)
    assert.equal(fromText(connectionFields.connection.name, 'none'), 'none')
  })

  it('leave text that cannot be read for the schema to refuse', () => {
    assert.equal(fromText(settings.recheckMinutes, 'often'), 'often')
    assert.equal(fromText(policies.guests, 'maybe'), 'maybe')
  })
})

describe('inWords', () => {
  it('says what a value means, and what no value means', () => {
    assert.equal(inWords(settings.recheckMinutes, 60), 'every 60 minutes')
    assert.equal(inWords(settings.emailDomains, null), 'any')
    assert.equal(inWords(policies.defaultRole, 'member'), 'get the role member')
    assert.equal(inWords(policies.guests, 'allow'), 'may sign in')
  })
})

describe('toStoredSettings', () => {
  it('leaves out settings that have their default', () => {
    const sent = { recheckMinutes: null, tenantMayBeShared: false, emailDomains: ['contoso.com'] }
    assert.deepEqual(toStoredSettings(settings, sent), { emailDomains: ['contoso.com'] })
  })
})
