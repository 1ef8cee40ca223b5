import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { isEntradaError } from '../../../errors/errors.ts'
import { issuerForTenant, parseDiscovery } from './discovery.ts'

const AUTHORITY = new URL('https://login.microsoftonline.com')
const TENANT = '72f988bf-86f1-41af-91ab-2d7cd011db47'

function documentOf(changes: Readonly<Record<string, unknown>> = {}, tenant = TENANT) {
  const base = `${AUTHORITY.origin}/${tenant}`
  return {
    issuer: `${base}/v2.0`,
    authorization_endpoint: `${base}/oauth2/v2.0/authorize`,
    token_endpoint: `${base}/oauth2/v2.0/token`,
    jwks_uri: `${base}/discovery/v2.0/keys`,
    end_session_endpoint: `${base}/oauth2/v2.0/logout`,
    ...changes,
  }
}

const ENDPOINTS = ['authorization_endpoint', 'token_endpoint', 'jwks_uri', 'end_session_endpoint']

describe('parseDiscovery', () => {
  it("reads one tenant's document, the tenant id in lower case", () => {
    const metadata = parseDiscovery(documentOf({}, TENANT.toUpperCase()), AUTHORITY)
    assert.equal(metadata.tenantId, TENANT)
    assert.equal(metadata.issuer, `${AUTHORITY.origin}/${TENANT.toUpperCase()}/v2.0`)
    assert.equal(new URL(metadata.tokenEndpoint).pathname.split('/').at(-1), 'token')
    assert.equal(new URL(metadata.jwksUri).pathname.split('/').at(-1), 'keys')
    assert.equal(new URL(metadata.endSessionEndpoint).pathname.split('/').at(-1), 'logout')
    assert.equal(new URL(metadata.authorizationEndpoint).pathname.split('/').at(-1), 'authorize')
  })

  it('reads the document of `common`, which is of no tenant', () => {
    const issuer = `${AUTHORITY.origin}/{tenantid}/v2.0`
    const metadata = parseDiscovery(documentOf({ issuer }, 'common'), AUTHORITY)
    assert.equal(metadata.issuer, issuer)
    assert.equal('tenantId' in metadata, false)
  })

  const foreignIssuers = [
    `https://evil.example/${TENANT}/v2.0`,
    `https://login.microsoftonline.com.evil.example/${TENANT}/v2.0`,
    `https://login.microsoftonline.com@evil.example/${TENANT}/v2.0`,
    `http://login.microsoftonline.com/${TENANT}/v2.0`,
    `https://login.microsoftonline.com:8443/${TENANT}/v2.0`,
    `https://login.microsoftonline.com/${TENANT}`,
    `https://login.microsoftonline.com/${TENANT}/v2.0/`,
    `https://login.microsoftonline.com/${TENANT}/v2.0?x`,
    `https://login.microsoftonline.com/x/${TENANT}/v2.0`,
    'https://login.microsoftonline.com/common/v2.0',
    'https://login.microsoftonline.com/{TenantId}/v2.0',
    `https://login.microsoftonline.com/${'-'.repeat(36)}/v2.0`,
    `https://sts.windows.net/${TENANT}/`,
    '',
  ]
  for (const issuer of foreignIssuers) {
    it(`refuses the issuer "${issuer}" (A53)`, () => {
      assert.throws(() => parseDiscovery(documentOf({ issuer }), AUTHORITY), {
        code: 'entra_metadata_invalid',
        detail: { member: 'issuer' },
      })
    })
  }

  const foreignAddresses = [
    'https://evil.example/token',
    'http://login.microsoftonline.com/token',
    'https://login.microsoftonline.com:444/token',
    'https://login.microsoftonline.com@evil.example/token',
    'https:\\\\evil.example\\token',
    '//evil.example/token',
    '/oauth2/v2.0/token',
    'javascript:alert(1)',
    'data:text/html,x',
    '',
  ]
  for (const member of ENDPOINTS) {
    it(`refuses ${member} on another origin (A54)`, () => {
      for (const address of foreignAddresses) {
        assert.throws(
          () => parseDiscovery(documentOf({ [member]: address }), AUTHORITY),
          { code: 'entra_metadata_invalid', detail: { member } },
          address,
        )
      }
    })

    it(`refuses a document without a usable ${member}`, () => {
      for (const value of [
        undefined,
        null,
        1,
        ['https://x'],
        { href: 'https://x' },
        'x'.repeat(2049),
      ]) {
        assert.throws(() => parseDiscovery(documentOf({ [member]: value }), AUTHORITY), {
          code: 'provider_answer_invalid',
          detail: { endpoint: 'discovery', member },
        })
      }
    })
  }

  it('refuses what is no document at all', () => {
    for (const wire of [undefined, null, 'text', 1, true, [], [documentOf()]]) {
      assert.throws(() => parseDiscovery(wire, AUTHORITY), { code: 'provider_answer_invalid' })
    }
  })

  it('never answers with an address elsewhere, whatever the document says', () => {
    const junk = fc.oneof(fc.webUrl(), fc.anything(), fc.constant(`${AUTHORITY.origin}/x`))
    const changes = fc.dictionary(fc.constantFrom('issuer', ...ENDPOINTS), junk)
    fc.assert(
      fc.property(changes, (changed) => {
        try {
          const { tokenEndpoint, jwksUri } = parseDiscovery(documentOf(changed), AUTHORITY)
          return [tokenEndpoint, jwksUri].every((url) => new URL(url).origin === AUTHORITY.origin)
        } catch (error) {
          return isEntradaError(error)
        }
      }),
    )
  })
})

describe('issuerForTenant', () => {
  it('fills the tenant in', () => {
    assert.equal(issuerForTenant('https://x/{tenantid}/v2.0', TENANT), `https://x/${TENANT}/v2.0`)
  })

  it("leaves one tenant's issuer as it is", () => {
    assert.equal(issuerForTenant(`https://x/${TENANT}/v2.0`, 'other'), `https://x/${TENANT}/v2.0`)
  })
})
