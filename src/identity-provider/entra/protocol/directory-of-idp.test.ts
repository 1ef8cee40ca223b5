import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { PERSONAL_ACCOUNTS_TENANT_ID } from '../../../protocol/guid.ts'
import { directoryOfIdp } from './directory-of-idp.ts'

const TENANT = 'a1111111-1111-4111-8111-11111111111a'
const ISSUER = `https://login.microsoftonline.com/${TENANT}/v2.0`

describe('directoryOfIdp', () => {
  for (const idp of [
    `https://sts.windows.net/${TENANT}/`,
    `https://sts.windows.net/${TENANT}`,
    `https://STS.WINDOWS.NET/${TENANT.toUpperCase()}/`,
    `sts.windows.net/${TENANT}/`,
    `https://login.microsoftonline.com/${TENANT}/v2.0`,
    `https://login.microsoftonline.com/${TENANT}/v2.0/`,
    `https://login.microsoftonline.com/${TENANT}/`,
    `https://login.windows.net/${TENANT}/`,
    `https://login.microsoftonline.us/${TENANT}/v2.0`,
    `https://login.partner.microsoftonline.cn/${TENANT}/v2.0`,
    `https://sts.chinacloudapi.cn/${TENANT}/`,
    `https://${TENANT}.ciamlogin.com/${TENANT}/v2.0`,
    TENANT,
    TENANT.toUpperCase(),
  ]) {
    it(`reads the tenant id in ${idp} (E7)`, () => {
      assert.equal(directoryOfIdp(idp, ISSUER), TENANT)
    })
  }

  it('reads the issuer of another Entra-compatible server, at its own origin alone (E7)', () => {
    const at = (origin: string) =>
      directoryOfIdp(`${origin}/${TENANT}/v2.0`, `http://localhost:4000/${TENANT}/v2.0`)
    assert.equal(at('http://localhost:4000'), TENANT)
    assert.equal(at('http://localhost:4001'), undefined)
    assert.equal(at('https://localhost:4000'), undefined)
  })

  it('takes live.com for the directory of personal accounts', () => {
    for (const idp of ['live.com', 'LIVE.COM', 'https://live.com/', 'https://login.live.com']) {
      assert.equal(directoryOfIdp(idp, ISSUER), PERSONAL_ACCOUNTS_TENANT_ID)
    }
  })

  for (const idp of [
    'google.com',
    'mail',
    '',
    `https://idp.attacker.example/${TENANT}/`,
    `https://sts.windows.net.attacker.example/${TENANT}/`,
    `https://attacker.ciamlogin.com/${TENANT}/v2.0`,
    `https://sts.windows.net:8443/${TENANT}/`,
    `http://sts.windows.net/${TENANT}/`,
    `https://sts.windows.net/?${TENANT}`,
    `https://sts.windows.net/x/${TENANT}/`,
    `https://user@sts.windows.net/${TENANT}/`,
    `https://sts.windows.net/${TENANT}/v1.0`,
    `https://sts.windows.net/not-a-guid/`,
    undefined,
    null,
    7,
    [`https://sts.windows.net/${TENANT}/`],
  ]) {
    it(`names no directory of Entra: ${JSON.stringify(idp)} (E7)`, () => {
      assert.equal(directoryOfIdp(idp, ISSUER), undefined)
    })
  }
})
