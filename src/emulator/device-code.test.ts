import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  contoso,
  cookieOf,
  decodePart,
  fabrikam,
  frozenAt,
  newEmulator,
  type Parameters,
  parseObject,
  post,
  publicClient,
  readRefusal,
  requestTokens,
  singleTenant,
} from '../../test/support/emulator-sign-in.ts'
import { grantTypes } from './client-kind.ts'
import type { Emulator } from './emulator.ts'

const aliceId = 'aaaaaaaa-0000-4000-8000-000000000001'
const carolId = 'aaaaaaaa-0000-4000-8000-000000000003'
const alice = 'alice@contoso.example'

function newClock() {
  const clock = { now: frozenAt.getTime() }
  return {
    now: () => new Date(clock.now),
    pass: (seconds: number) => {
      clock.now += seconds * 1000
    },
  }
}

async function startDevice(emulator: Emulator, form: Parameters = {}, tenant = contoso) {
  const response = await post(emulator, `/${tenant}/oauth2/v2.0/devicecode`, {
    form: { client_id: publicClient, scope: 'openid profile offline_access User.Read', ...form },
  })
  const body = parseObject(await response.json())
  return { body, deviceCode: String(body.device_code), userCode: String(body.user_code) }
}

function poll(emulator: Emulator, deviceCode: string, form: Parameters = {}) {
  return requestTokens(emulator, {
    grant_type: grantTypes.device,
    client_id: publicClient,
    device_code: deviceCode,
    ...form,
  })
}

async function onPage(emulator: Emulator, form: Parameters): Promise<string> {
  return (await post(emulator, '/device', { form })).text()
}

describe('POST /{tenant}/oauth2/v2.0/devicecode', () => {
  it('answers with a code for the device and one for its user (M5)', async () => {
    const emulator = newEmulator()
    const { body } = await startDevice(emulator)
    assert.deepEqual(Object.keys(body), [
      'user_code',
      'device_code',
      'verification_uri',
      'expires_in',
      'interval',
      'message',
    ])
    assert.match(String(body.user_code), /^[B-Z2-9]{9}$/)
    assert.deepEqual([body.expires_in, body.interval], [900, 5])
    assert.equal(body.verification_uri, `${emulator.origin}/device`)
  })

  for (const [name, form, tenant, number] of [
    ['without client id', { client_id: undefined }, contoso, 900144],
    ['without scope', { scope: '' }, contoso, 900144],
    ['of an unknown client', { client_id: aliceId }, contoso, 700016],
    ['of an unknown tenant', {}, 'nowhere.example', 90002],
    ['of an unknown resource', { scope: 'api://other/x' }, contoso, 500011],
    ['of a single-tenant client', { client_id: singleTenant.clientId }, 'common', 50194],
  ] as const) {
    it(`refuses a request ${name} as JSON, with AADSTS${number} (M5)`, async () => {
      const { body } = await startDevice(newEmulator(), form, tenant)
      assert.deepEqual(body.error_codes, [number])
    })
  }

  it('accepts POST only (M5)', async () => {
    const emulator = newEmulator()
    const url = `${emulator.origin}/${contoso}/oauth2/v2.0/devicecode`
    assert.deepEqual(await readRefusal(await emulator.fetch(new Request(url))), [
      405,
      'invalid_request',
      900561,
    ])
  })
})

describe('a device that polls', () => {
  it('gets tokens once its user has approved it on the page (M5)', async () => {
    const emulator = newEmulator()
    const { deviceCode, userCode } = await startDevice(emulator)
    assert.deepEqual(await readRefusal(await poll(emulator, deviceCode)), [
      400,
      'authorization_pending',
      70016,
    ])
    const typed = ` ${userCode.slice(0, 4).toLowerCase()}-${userCode.slice(4)}`
    assert.match(await onPage(emulator, { otc: typed }), /Pick an account/)
    const done = await post(emulator, '/device', { form: { otc: typed, account: aliceId } })
    assert.match(cookieOf(done), /^entra_emulator_session=/)
    assert.match(await done.text(), /You have signed in/)

    const answer = parseObject(await (await poll(emulator, deviceCode)).json())
    assert.equal(decodePart(answer.id_token, 1).oid, aliceId)
    assert.equal(answer.scope, 'openid profile User.Read')
    const refreshed = await requestTokens(emulator, {
      grant_type: 'refresh_token',
      client_id: publicClient,
      refresh_token: String(answer.refresh_token),
    })
    assert.equal(refreshed.status, 200)
    assert.deepEqual(await readRefusal(await poll(emulator, deviceCode)), [
      400,
      'invalid_grant',
      54005,
    ])
  })

  it('faster than every five seconds is told to slow down, and waits ten from then on (M5)', async () => {
    const clock = newClock()
    const emulator = newEmulator({ now: clock.now })
    const { deviceCode } = await startDevice(emulator)
    const outcomes = []
    for (const seconds of [0, 5, 2, 6, 15]) {
      clock.pass(seconds)
      outcomes.push((await readRefusal(await poll(emulator, deviceCode)))[1])
    }
    const [pending, slowDown] = ['authorization_pending', 'slow_down']
    assert.deepEqual(outcomes, [pending, pending, slowDown, slowDown, pending])
  })

  it('learns that its user declined (M5)', async () => {
    const emulator = newEmulator()
    const { deviceCode, userCode } = await startDevice(emulator)
    assert.match(await onPage(emulator, { otc: userCode, cancel: 'yes' }), /You declined/)
    assert.deepEqual(await readRefusal(await poll(emulator, deviceCode)), [
      400,
      'authorization_declined',
      65004,
    ])
    assert.match(await onPage(emulator, { otc: userCode, account: aliceId }), /did not work/)
  })

  it('after 15 minutes is refused, and so is the code on the page (M5)', async () => {
    const clock = newClock()
    const emulator = newEmulator({ now: clock.now })
    const { deviceCode, userCode } = await startDevice(emulator)
    clock.pass(900)
    assert.deepEqual(await readRefusal(await poll(emulator, deviceCode)), [
      400,
      'expired_token',
      70020,
    ])
    assert.match(await onPage(emulator, { otc: userCode }), /did not work/)
  })

  it('with an unknown code, or the code of another client, is refused (M5)', async () => {
    const emulator = newEmulator()
    emulator.setApplication(singleTenant.clientId, { allowPublicClient: true })
    const { deviceCode } = await startDevice(emulator)
    const refused = [400, 'bad_verification_code', 70018]
    assert.deepEqual(await readRefusal(await poll(emulator, 'unknown')), refused)
    const other = { client_id: singleTenant.clientId }
    assert.deepEqual(await readRefusal(await poll(emulator, deviceCode, other)), refused)
    assert.deepEqual(await readRefusal(await poll(emulator, '')), [400, 'invalid_request', 900144])
  })

  it('at another tenant is refused (M5)', async () => {
    const emulator = newEmulator()
    const { deviceCode } = await startDevice(emulator, {}, 'organizations')
    assert.deepEqual(await readRefusal(await poll(emulator, deviceCode)), [
      400,
      'invalid_grant',
      700005,
    ])
  })

  it('of a client without public client flows needs the secret (M5)', async () => {
    const emulator = newEmulator()
    const client = { client_id: singleTenant.clientId }
    const { deviceCode, userCode } = await startDevice(emulator, client)
    emulator.approveDeviceCode(userCode, alice)
    assert.deepEqual(await readRefusal(await poll(emulator, deviceCode, client)), [
      401,
      'invalid_client',
      7000218,
    ])
    const withSecret = { ...client, client_secret: singleTenant.secret }
    assert.equal((await poll(emulator, deviceCode, withSecret)).status, 200)
  })

  it('may name the grant as Microsoft’s libraries do (M5)', async () => {
    const emulator = newEmulator()
    const { deviceCode, userCode } = await startDevice(emulator)
    emulator.approveDeviceCode(userCode, alice)
    const response = await poll(emulator, deviceCode, { grant_type: 'device_code' })
    assert.equal(response.status, 200)
  })

  it('is signed in without asking while somebody is (M5)', async () => {
    const emulator = newEmulator()
    const { deviceCode } = await startDevice(emulator)
    emulator.signInAutomaticallyAs(alice)
    assert.equal((await poll(emulator, deviceCode)).status, 200)
  })

  it('meets the policies that its user met at the browser (M5)', async () => {
    const emulator = newEmulator()
    emulator.addPolicy({ require: 'c1' })
    const { deviceCode, userCode } = await startDevice(emulator)
    emulator.approveDeviceCode(userCode, alice)
    assert.equal((await poll(emulator, deviceCode)).status, 200)
  })
})

describe('the page for device codes', () => {
  it('fills in the code that its address names (M5)', async () => {
    const emulator = newEmulator()
    const page = await emulator.fetch(new Request(`${emulator.origin}/device?otc=ABC"`))
    assert.match(await page.text(), /name="otc" value="ABC&quot;"/)
  })

  it('refuses accounts that may not use the application (M5)', async () => {
    const emulator = newEmulator()
    const { userCode } = await startDevice(emulator)
    const frankId = 'bbbbbbbb-0000-4000-8000-000000000001'
    assert.match(await onPage(emulator, { otc: userCode, account: carolId }), /AADSTS50057/)
    assert.match(await onPage(emulator, { otc: userCode, account: frankId }), /AADSTS50020/)
    emulator.setApplication(publicClient, { assignmentRequired: true })
    assert.match(await onPage(emulator, { otc: userCode, account: aliceId }), /AADSTS50105/)
    assert.throws(() => emulator.approveDeviceCode(userCode, alice), /AADSTS50105/)
  })

  it('asks for consent where that is missing (M5)', async () => {
    const emulator = newEmulator()
    emulator.setApplication(publicClient, { consent: 'required' })
    const { deviceCode, userCode } = await startDevice(emulator)
    const form = { otc: userCode, account: aliceId }
    assert.match(await onPage(emulator, form), /Permissions requested[\s\S]*User\.Read/)
    assert.match(await onPage(emulator, { ...form, accept: 'yes' }), /You have signed in/)
    assert.equal((await poll(emulator, deviceCode)).status, 200)
  })

  it('offers the people of every directory at an alias (M5)', async () => {
    const emulator = newEmulator()
    const { userCode, deviceCode } = await startDevice(emulator, {}, 'common')
    assert.match(await onPage(emulator, { otc: userCode }), /frank@fabrikam\.example/)
    emulator.approveDeviceCode(userCode, 'frank@fabrikam.example')
    const form = { grant_type: grantTypes.device, client_id: publicClient, device_code: deviceCode }
    const response = await requestTokens(emulator, form, { tenant: 'common' })
    assert.equal(decodePart(parseObject(await response.json()).id_token, 1).tid, fabrikam)
  })
})
