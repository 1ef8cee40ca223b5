import assert from 'node:assert/strict'
import { createHash, X509Certificate } from 'node:crypto'
import { describe, it, type TestContext } from 'node:test'
import { decodeJwt, decodeProtectedHeader } from 'jose'
import {
  assertAllSignedIn,
  assertSignsIn,
  eventsOf,
  filesOf,
  microsoftsNumber,
  openRigWith,
  refusedCredential,
  tokenRequests,
  twentyAtCallback,
} from './support/credential-rig.ts'
import {
  certificateCredential,
  newPemPair,
  secretCredential,
  TEST_NOW,
} from './support/key-pairs.ts'
import { assertRefused, goToEntra } from './support/refusals.ts'
import {
  CLIENT_ID,
  CLIENT_SECRET,
  CONTOSO,
  ENTRA_URL,
  people,
  type Rig,
  requestsAt,
} from './support/rig.ts'

const DAY_SECONDS = 86_400
const pair = newPemPair()
const otherPair = newPemPair()
const certificate = certificateCredential(pair)

describe('a certificate', () => {
  it('signs people in without a secret, with PS256 and its SHA-256 thumbprint', async (t) => {
    const rig = await openRigWith(t, [certificate])
    rig.emulator.addCertificate(CLIENT_ID, pair.certificate)
    await assertSignsIn(rig)

    const [form = {}, ...more] = tokenRequests(rig)
    assert.deepEqual(more, [])
    assert.equal(form.client_secret, undefined)
    const assertion = String(form.client_assertion)
    const { raw } = new X509Certificate(pair.certificate)
    const x5t = createHash('sha256').update(raw).digest('base64url')
    assert.deepEqual(decodeProtectedHeader(assertion), {
      alg: 'PS256',
      typ: 'JWT',
      'x5t#S256': x5t,
    })
    const { iss, sub, aud, iat = 0, exp } = decodeJwt(assertion)
    const endpoint = `${ENTRA_URL}/${CONTOSO}/oauth2/v2.0/token`
    assert.deepEqual([iss, sub, aud, exp], [CLIENT_ID, CLIENT_ID, endpoint, iat + 600])
  })

  it('signs once for everybody, and anew before Entra would find it too old', async (t) => {
    const rig = await openRigWith(t, [certificate])
    rig.emulator.addCertificate(CLIENT_ID, pair.certificate)
    for (const seconds of [0, 500, 41]) {
      rig.clock.advanceSeconds(seconds)
      await assertSignsIn(rig)
    }
    const [first, second, third] = tokenRequests(rig).map((form) => form.client_assertion)
    assert.equal(first, second)
    assert.notEqual(second, third)
  })

  it('that is not uploaded is AADSTS700027, with what to upload', async (t) => {
    const rig = await openRigWith(t, [certificate])
    rig.emulator.addCertificate(CLIENT_ID, otherPair.certificate)
    const { text } = await assertRefused(rig, await goToEntra(rig, people.alice), refusedCredential)
    assert.equal(microsoftsNumber(text), 'AADSTS700027')
    assert.match(text, /ENTRADA_ENTRA_CLIENT_CERTIFICATE_FILE/)
    assertNowhere(rig, text, pair.privateKey.split('\n')[1] ?? '')
  })

  it('is used before a secret, and a secret in its place when it is refused', async (t) => {
    const rig = await openRigWith(t, [secretCredential(CLIENT_SECRET), certificate])
    rig.emulator.addCertificate(CLIENT_ID, pair.certificate)
    await assertSignsIn(rig)
    rig.emulator.setApplication(CLIENT_ID, { certificates: [] })
    await assertSignsIn(rig)
    const sent = tokenRequests(rig).map((form) => (form.client_secret ? 'secret' : 'certificate'))
    assert.deepEqual(sent, ['certificate', 'certificate', 'secret'])
  })
})

function assertNowhere(rig: Rig, page: string, value: string): void {
  assert.ok(value.length > 10)
  assert.ok(!page.includes(value), 'on the page')
  assert.ok(!rig.logLines.join('\n').includes(value), 'in the log')
}

describe('several secrets', () => {
  const newSecret = 'the~second.secret-of-the-application'
  const both = [secretCredential(CLIENT_SECRET), secretCredential(newSecret)]

  it('sign people in with the second when the first has ended (H27)', async (t) => {
    const rig = await openRigWith(t, both)
    rig.emulator.expireSecret(CLIENT_ID)
    rig.emulator.addSecret(CLIENT_ID, newSecret)
    await assertSignsIn(rig)
    assert.deepEqual(
      tokenRequests(rig).map((form) => form.client_secret),
      [CLIENT_SECRET, newSecret],
    )
  })

  it('remember for ten minutes which one was refused, and say it once, without its value', async (t) => {
    const rig = await openRigWith(t, both)
    rig.emulator.setSecret(CLIENT_ID, newSecret)
    for (const seconds of [0, 1, 598]) {
      rig.clock.advanceSeconds(seconds)
      await assertSignsIn(rig)
    }
    assert.equal(requestsAt(rig, 'token'), 4)
    rig.clock.advanceSeconds(2)
    await assertSignsIn(rig)
    assert.equal(requestsAt(rig, 'token'), 6)

    const [alert, ...more] = eventsOf(rig, 'credential_refused')
    assert.deepEqual(more, [])
    assert.equal(alert?.level, 'error')
    assert.match(String(alert?.credential), /^client_secret:[0-9a-f]{4}$/)
    assert.deepEqual(alert?.entraCodes, [7000215])
    assert.doesNotMatch(rig.logLines.join('\n'), /development~only|the~second/)
  })

  it('say when the refused one is good again', async (t) => {
    const rig = await openRigWith(t, both)
    rig.emulator.setSecret(CLIENT_ID, newSecret)
    await assertSignsIn(rig)
    rig.emulator.setSecret(CLIENT_ID, CLIENT_SECRET)
    await assertSignsIn(rig)
    assert.equal(eventsOf(rig, 'credential_accepted').length, 1)
  })

  it('show the refusal of the one that should have worked when all are refused', async (t) => {
    const rig = await openRigWith(t, both)
    rig.emulator.setSecret(CLIENT_ID, 'another')
    rig.emulator.addSecret(CLIENT_ID, newSecret)
    rig.emulator.setApplication(CLIENT_ID, {
      secrets: [{ value: newSecret, expiresAt: new Date(0) }],
    })
    for (let time = 0; time < 2; time += 1) {
      const at = await goToEntra(rig, people.alice)
      const { text } = await assertRefused(rig, at, refusedCredential)
      assert.equal(microsoftsNumber(text), 'AADSTS7000215')
    }
  })

  it('are not tried one after the other when something else is wrong', async (t) => {
    const rig = await openRigWith(t, both)
    const faults = [
      { kind: 'oauth_error', on: 'token', error: 'invalid_grant', code: 70008 },
      { kind: 'oauth_error', on: 'token', error: 'unauthorized_client', code: 700016 },
      { kind: 'status', on: 'token', status: 503 },
    ] as const
    for (const [at, fault] of faults.entries()) {
      rig.emulator.setFault(fault)
      await rig.signIn(people.alice)
      assert.equal(requestsAt(rig, 'token'), at + 1)
    }
  })

  it('lose nobody when the first is revoked while people sign in (I01)', async (t) => {
    const rig = await openRigWith(t, both)
    rig.emulator.addSecret(CLIENT_ID, newSecret)
    const arriving = await twentyAtCallback(rig)
    const answers = arriving.map(async ({ browser, callback }, at) => {
      if (at === 8) rig.emulator.setSecret(CLIENT_ID, newSecret)
      return browser.visit(callback)
    })
    assertAllSignedIn(await Promise.all(answers))
    assert.equal(eventsOf(rig, 'credential_refused').length, 1)
  })

  it('with known ends are used from the last-ending one on', async (t) => {
    const inDays = (days: number) => new Date(TEST_NOW.getTime() + days * DAY_SECONDS * 1000)
    const rig = await openRigWith(t, [
      secretCredential('an~older.secret', inDays(10)),
      secretCredential(CLIENT_SECRET, inDays(300)),
    ])
    await assertSignsIn(rig)
    assert.equal(requestsAt(rig, 'token'), 1)
  })
})

describe('a federated token', () => {
  const subject = 'system:serviceaccount:entrada:entrada'
  const tokenFile = { ENTRADA_ENTRA_FEDERATED_TOKEN_FILE: 'token' }

  async function openFederatedRig(t: TestContext, environment: Record<string, string> = tokenFile) {
    const machine = filesOf({ secret: CLIENT_SECRET }, environment)
    const rig = await openRigWith(t, machine.read)
    const issuer = `${rig.emulator.origin}/emulator/issuer`
    rig.emulator.addFederatedCredential(CLIENT_ID, { issuer, subject })
    return { rig, files: machine.files }
  }

  it('signs people in, and is read anew at each sign-in', async (t) => {
    const { rig, files } = await openFederatedRig(t)
    for (let times = 0; times < 2; times += 1) {
      files.token = `${await rig.emulator.issueFederatedToken({ subject })}\n`
      await assertSignsIn(rig)
    }
    const [first, second] = tokenRequests(rig).map((form) => form.client_assertion)
    assert.ok(first !== undefined && second !== undefined && first !== second)
    assert.equal(files.token?.trim(), second)
  })

  const wrong = [
    ['audience', { subject, audience: 'api://another' }, 'AADSTS700212'],
    ['subject', { subject: 'system:serviceaccount:entrada:Entrada' }, 'AADSTS700213'],
    ['issuer', { subject, issuer: 'https://issuer.example' }, 'AADSTS700211'],
    ['time', { subject, lifetimeSeconds: -3600 }, 'AADSTS700024'],
  ] as const
  for (const [what, options, number] of wrong) {
    it(`of another ${what} is ${number}, explained`, async (t) => {
      const { rig, files } = await openFederatedRig(t)
      files.token = await rig.emulator.issueFederatedToken(options)
      const at = await goToEntra(rig, people.alice)
      const { text } = await assertRefused(rig, at, refusedCredential)
      assert.equal(microsoftsNumber(text), number)
      assert.match(text, /ENTRADA_ENTRA_FEDERATED_TOKEN_FILE/)
    })
  }

  const unreadable = [
    ['is missing', undefined, 'cannot be read'],
    ['is empty', '\n', 'is empty'],
    ['holds something else', 'hello', 'does not hold a signed token (JWT)'],
  ] as const
  for (const [what, content, reason] of unreadable) {
    it(`whose file ${what} asks Entra nothing, and works again once it is there`, async (t) => {
      const { rig, files } = await openFederatedRig(t)
      if (content !== undefined) files.token = content
      const at = await goToEntra(rig, people.alice)
      await assertRefused(rig, at, { code: 'client_credential_unreadable', status: 502 })
      assert.equal(requestsAt(rig, 'token'), 0)
      assert.equal(eventsOf(rig, 'credential_refused')[0]?.reason, reason)
      files.token = await rig.emulator.issueFederatedToken({ subject })
      await assertSignsIn(rig)
    })
  }

  it('whose file is missing leaves people to the secret beside it', async (t) => {
    const { rig } = await openFederatedRig(t, {
      ...tokenFile,
      ENTRADA_ENTRA_CLIENT_SECRET_FILE: 'secret',
    })
    await assertSignsIn(rig)
    assert.equal(tokenRequests(rig)[0]?.client_secret, CLIENT_SECRET)
  })
})
