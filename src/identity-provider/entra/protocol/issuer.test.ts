import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { parseIssuer } from './issuer.ts'

const TENANT = '11111111-aaaa-4111-8111-111111111111'
const authority = 'https://login.microsoftonline.com'

describe('parseIssuer', () => {
  it('reads the issuer of one tenant', () => {
    const expected = { authority, tenantId: TENANT }
    assert.deepEqual(parseIssuer(`${authority}/${TENANT}/v2.0`), expected)
  })

  const refused = [
    '',
    authority,
    `${authority}/${TENANT}`,
    `${authority}/${TENANT}/v2.0/`,
    `${authority}/${TENANT}/v1.0`,
    `${authority}/${TENANT.toUpperCase()}/v2.0`,
    `${authority}/{tenantid}/v2.0`,
    `${authority}/common/v2.0`,
    `${authority}/contoso.com/v2.0`,
    `${authority}:443/${TENANT}/v2.0`,
    `https://LOGIN.microsoftonline.com/${TENANT}/v2.0`,
    `${authority}/x/../${TENANT}/v2.0`,
    `${authority}/${TENANT}/v2.0?x`,
    `${authority}/${TENANT}/v2.0#x`,
    ` ${authority}/${TENANT}/v2.0`,
    `https://evil@login.microsoftonline.com/${TENANT}/v2.0`,
    `javascript:/${TENANT}/v2.0`,
    `${authority}/${TENANT}/v2.0${'x'.repeat(1000)}`,
  ]
  for (const text of refused) {
    it(`does not know ${JSON.stringify(text.slice(0, 90))} (C20)`, () =>
      assert.equal(parseIssuer(text), undefined))
  }
})
