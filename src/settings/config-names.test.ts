import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { problemsOfSettings as problemsOf } from '../../test/support/settings.ts'

describe('a setting with two names', () => {
  it('is named in messages as it was given (P15)', () => {
    const problems = problemsOf({
      DSTACK_SERVER_URL: 'http://sso.example.com',
      DSTACK_ENTRA_TENANT_ID: 'common',
      ENTRADA_ENTRA_CLIENT_ID: 'my app',
      DSTACK_ENTRA_CLIENT_SECRET: 'x~y',
    })
    const named = problems.map((problem) => problem.split(' ')[0])
    assert.deepEqual(named, [
      'DSTACK_SERVER_URL',
      'DSTACK_ENTRA_TENANT_ID',
      'ENTRADA_ENTRA_CLIENT_ID',
    ])
  })

  it('is named by both names where both were given, differently (P15)', () => {
    const [problem = ''] = problemsOf({
      ENTRADA_SERVER_URL: 'https://a.example.com',
      DSTACK_SERVER_URL: 'https://b.example.com',
    })
    assert.match(problem, /ENTRADA_SERVER_URL and DSTACK_SERVER_URL/)
  })
})
