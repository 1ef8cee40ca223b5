import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { isRegisteredRedirectUri } from './redirect-uri.ts'

const registered = [
  'http://localhost:3000/callback',
  'https://sso.example/callback?connection=a',
  'http://one.localhost:3000/',
  'http://127.0.0.1/cli',
  'https://localhost:8443/signin-oidc',
  'msauth.example://auth/callback',
]

describe('isRegisteredRedirectUri', () => {
  const accepted = [
    'http://localhost:3000/callback',
    'http://localhost:49152/callback',
    'http://localhost/callback',
    'https://SSO.example/callback?connection=a',
    'http://one.localhost:9/',
    'http://one.localhost',
    'http://127.0.0.1:49152/cli',
    'https://localhost:8443/signin-oidc',
    'msauth.example://auth/callback',
  ]
  for (const uri of accepted) {
    it(`accepts ${uri} (M8)`, () => assert.equal(isRegisteredRedirectUri(registered, uri), true))
  }

  const refused = [
    'http://localhost:3000/Callback',
    'http://localhost:3000/callback/',
    'http://localhost:3000/callback?x=1',
    'http://localhost:3000/a/../callback',
    'https://localhost:3000/callback',
    'https://localhost:8444/signin-oidc',
    'http://127.0.0.2/cli',
    'http://localhost/cli',
    'msauth.example://auth/other',
    'MSAUTH.example://auth/callback',
    'https://sso.example/callback?connection=b',
    'https://sso.example:8443/callback?connection=a',
    'https://sso.example@evil.example/callback?connection=a',
    'http://localhost:3000@evil.example/callback',
    'http://localhost.evil.example/callback',
    'http://two.localhost:3000/',
    'javascript:alert(1)',
    'http://localhost:3000/callback#x',
    '',
  ]
  for (const uri of refused) {
    it(`refuses ${uri || 'nothing'} (M8)`, () => {
      assert.equal(isRegisteredRedirectUri(registered, uri), false)
    })
  }
})
