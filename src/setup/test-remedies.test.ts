import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { entraErrors } from '../identity-provider/entra/protocol/entra-error-table.ts'
import { explainTestFailure } from './test-remedies.ts'

const failures = Object.entries(entraErrors).map(([code, entry]) => ({
  code: Number(code),
  entry,
}))

describe('explainTestFailure', () => {
  for (const failure of failures) {
    it(`sends nobody to who runs the server for AADSTS${failure.code} of an own application (P5)`, () => {
      for (const seenBy of ['customer', 'operator'] as const) {
        const { remedy, who } = explainTestFailure(failure.entry, { application: 'own', seenBy })
        assert.notEqual(who, 'the operator of this server')
        if (failure.entry.whoCanFix === 'operator') assert.doesNotMatch(remedy ?? '', /ENTRADA_/)
      }
    })
  }

  it('leaves the credential of the shared application to who runs the server (P5)', () => {
    const wrongSecret = entraErrors[7000215]
    const remedy = explainTestFailure(wrongSecret, { application: 'shared', seenBy: 'customer' })
    assert.equal(remedy.who, 'the operator of this server')
    assert.match(remedy.remedy ?? '', /whoever sent you the link/)
    const own = explainTestFailure(wrongSecret, { application: 'shared', seenBy: 'operator' })
    assert.match(own.remedy ?? '', /secret/i)
  })
})
