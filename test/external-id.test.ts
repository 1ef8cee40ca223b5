import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import type { IdTokenFault } from '../src/emulator/faults.ts'
import { onlyUser } from './support/people.ts'
import { detailsOf } from './support/refusals.ts'
import { CONTOSO, FABRIKAM, people, type RigOptions, SERVER_URL } from './support/rig.ts'
import { openRig } from './support/steps.ts'

const NAME_HOST = 'https://contoso.ciamlogin.com'
const ID_HOST = `https://${CONTOSO}.ciamlogin.com`
const ISSUER = `${ID_HOST}/${CONTOSO}/v2.0`

type Changes = Readonly<Record<string, unknown>>

/** The emulator as a directory of External ID: everything at one of its two hosts, the issuer at that of the tenant id. */
async function openExternal(
  t: TestContext,
  {
    entraUrl = NAME_HOST,
    discovery = {},
    ...options
  }: RigOptions & { readonly discovery?: Changes } = {},
) {
  const rig = await openRig(t, {
    ...options,
    entraUrl,
    fetch: async (url, init) => {
      const answer = await rig.emulator.fetch(new Request(url, init))
      if (String(url).includes('openid-configuration')) {
        const document = (await answer.json()) as object
        return Response.json({ ...document, issuer: ISSUER, ...discovery })
      }
      if (!String(url).includes('/discovery/v2.0/keys')) return answer
      const { keys } = (await answer.json()) as { readonly keys: readonly object[] }
      const issuer = 'https://{tenantid}.ciamlogin.com/{tenantid}/v2.0'
      return Response.json({ keys: keys.map((key) => ({ ...key, issuer })) })
    },
  })
  const signIn = async (claims: Changes = {}, removeClaims: readonly string[] = []) => {
    const fault: IdTokenFault = {
      kind: 'id_token',
      setClaims: { iss: ISSUER, ...claims },
      removeClaims,
    }
    rig.emulator.setFault(fault)
    return rig.signIn(people.alice)
  }
  return { rig, signIn }
}

describe('a directory of Entra External ID', () => {
  for (const entraUrl of [NAME_HOST, ID_HOST]) {
    it(`signs people in at ${new URL(entraUrl).host}, as people of the cloud "external" (E5)`, async (t) => {
      const { rig, signIn } = await openExternal(t, { entraUrl })
      const { text, response } = await signIn()
      assert.equal(response.status, 200, text)
      assert.match(text, /Hello, Alice/)
      const [identity] = (await onlyUser(rig)).identities
      assert.deepEqual([identity?.key.space, identity?.key.directory], ['entra:external', CONTOSO])
    })
  }

  it('takes endpoints at either of its hosts, and at no other directory’s (E5)', async (t) => {
    const at = (host: string) => ({
      jwks_uri: `${host}/${CONTOSO}/discovery/v2.0/keys`,
      token_endpoint: `${host}/${CONTOSO}/oauth2/v2.0/token`,
    })
    const mixed = await openExternal(t, { discovery: at(ID_HOST) })
    assert.equal((await mixed.signIn()).response.status, 200)
    for (const discovery of [
      at('https://fabrikam.ciamlogin.com'),
      at(`https://${FABRIKAM}.ciamlogin.com`),
      at('https://ciamlogin.com'),
      at('https://contoso.ciamlogin.com.evil.example'),
      { issuer: `https://${FABRIKAM}.ciamlogin.com/${CONTOSO}/v2.0` },
      { issuer: `https://fabrikam.ciamlogin.com/${CONTOSO}/v2.0` },
      { issuer: `http://${CONTOSO}.ciamlogin.com/${CONTOSO}/v2.0` },
      { issuer: `https://login.microsoftonline.com/${CONTOSO}/v2.0` },
    ]) {
      const foreign = await openExternal(t, { discovery })
      const { text } = await foreign.signIn()
      assert.equal(detailsOf(text).Code, 'entra_metadata_invalid', JSON.stringify(discovery))
    }
  })

  it('refuses a token of another directory of External ID (E5)', async (t) => {
    const { signIn } = await openExternal(t)
    const iss = `https://${FABRIKAM}.ciamlogin.com/${FABRIKAM}/v2.0`
    assert.equal(
      detailsOf((await signIn({ iss, tid: FABRIKAM })).text).Code,
      'id_token_claim_invalid',
    )
    assert.equal(detailsOf((await signIn({ iss })).text).Code, 'id_token_claim_invalid')
  })

  it('belongs to no other authority: its issuer elsewhere is somebody else’s (E5)', async (t) => {
    const { signIn } = await openExternal(t, { entraUrl: 'https://login.contoso.example' })
    const { text } = await signIn()
    const details = detailsOf(text)
    assert.equal(details.Code, 'entra_metadata_invalid')
    assert.match(details['What to do'] ?? '', /https:\/\/NAME\.ciamlogin\.com/)
  })

  it('takes customers who signed up with an account elsewhere, and no guest of another directory (E5)', async (t) => {
    const { signIn } = await openExternal(t)
    for (const idp of ['google.com', 'facebook.com', 'https://idp.partner.example/', 'mail']) {
      const { response, text } = await signIn({ idp }, ['acct'])
      assert.equal(response.status, 200, `${idp}: ${text}`)
    }
    const guest = await signIn({ idp: `https://sts.windows.net/${FABRIKAM}/` }, ['acct'])
    assert.equal(detailsOf(guest.text).Code, 'guest_not_allowed')
    assert.equal(detailsOf((await signIn({ acct: 1 })).text).Code, 'guest_not_allowed')
  })

  it('is told from a directory of staff on the pages of operators, and ends sign-outs at its own hosts (E5)', async (t) => {
    const { rig, signIn } = await openExternal(t)
    const { browser } = await signIn()
    const page = await browser.visit(`${SERVER_URL}/auth/logout`)
    const policy = page.response.headers.get('content-security-policy') ?? ''
    assert.match(policy, new RegExp(`form-action 'self' ${NAME_HOST} ${ID_HOST}`))
    const connection = await rig.services.storage.findConnection('default')
    assert.equal(connection?.cloud, 'external')
  })

  it('is found by its issuer when another site sends somebody (E5)', async (t) => {
    const { rig } = await openExternal(t)
    const initiate = (iss: string) =>
      rig.browser().request(`${SERVER_URL}/login/initiate?${new URLSearchParams({ iss })}`)
    const found = await initiate(ISSUER)
    assert.equal(new URL(found.headers.get('location') ?? '', SERVER_URL).origin, NAME_HOST)
    for (const iss of [
      `${NAME_HOST}/${FABRIKAM}/v2.0`,
      `https://login.microsoftonline.com/${CONTOSO}/v2.0`,
      `https://${FABRIKAM}.ciamlogin.com/${FABRIKAM}/v2.0`,
    ]) {
      assert.equal((await initiate(iss)).headers.get('location'), '/login/organization', iss)
    }
  })
})
