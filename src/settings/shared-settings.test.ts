import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { problemsOfSettings as problemsOf } from '../../test/support/settings.ts'

describe('the shared application', () => {
  const id = { ENTRADA_SHARED_CLIENT_ID: '44444444-4444-4444-8444-444444444444' }
  const secret = { ENTRADA_SHARED_CLIENT_SECRET: 'the~other.secret' }

  it('needs a client id and one credential at least', () => {
    assert.deepEqual(problemsOf({ ...id, ...secret }), [])
    assert.deepEqual(problemsOf({ ...id, ENTRADA_FEDERATED_TOKEN_FILE: '/run/federated' }), [])
    assert.match(problemsOf(id)[0] ?? '', /^ENTRADA_SHARED_CLIENT_SECRET is missing\./)
    assert.match(problemsOf(secret)[0] ?? '', /^ENTRADA_SHARED_CLIENT_ID is missing\./)
  })

  it('is not needed for a token that customers trust', () => {
    assert.deepEqual(problemsOf({ ENTRADA_FEDERATED_TOKEN_FILE: '/run/federated' }), [])
  })

  it('says by its own names what is wrong with its secret and certificate', () => {
    const dates = { ENTRADA_SHARED_CLIENT_SECRET_EXPIRES: '2027-01-31, 2028-01-31' }
    assert.match(
      problemsOf({ ...id, ...secret, ...dates })[0] ?? '',
      /^ENTRADA_SHARED_CLIENT_SECRET_EXPIRES must hold one date/,
    )
    const certificate = { ENTRADA_SHARED_CLIENT_CERTIFICATE_FILE: '/run/certificate' }
    assert.match(
      problemsOf({ ...id, ...certificate })[0] ?? '',
      /^ENTRADA_SHARED_CLIENT_CERTIFICATE_KEY_FILE is missing/,
    )
  })
})
