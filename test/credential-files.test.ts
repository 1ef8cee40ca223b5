import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { describe, it, type TestContext } from 'node:test'
import {
  assertAllSignedIn,
  assertSignsIn,
  eventsOf,
  filesOf,
  openRigWith,
  twentyAtCallback,
} from './support/credential-rig.ts'
import {
  certificateCredential,
  newPemPair,
  secretCredential,
  TEST_NOW,
} from './support/key-pairs.ts'
import { CLIENT_ID, CLIENT_SECRET, SERVER_URL } from './support/rig.ts'
import { signInWithToken } from './support/steps.ts'

const DAY_SECONDS = 86_400
const pair = newPemPair()
const otherPair = newPemPair()

describe('a credential file', () => {
  const secretFile = { ENTRADA_ENTRA_CLIENT_SECRET_FILE: 'secret' }
  const certificateFiles = {
    ENTRADA_ENTRA_CLIENT_CERTIFICATE_FILE: 'cert.pem',
    ENTRADA_ENTRA_CLIENT_CERTIFICATE_KEY_FILE: 'cert.key',
  }

  /** Stops the timers that look after the files; `look` lets five seconds pass for them. */
  function stopTimers(t: TestContext) {
    t.mock.timers.enable({ apis: ['setInterval'] })
    return { look: () => t.mock.timers.tick(5000) }
  }

  it('is taken over while twenty people sign in, without a restart', async (t) => {
    const { look } = stopTimers(t)
    const { files, read } = filesOf({ secret: CLIENT_SECRET }, secretFile)
    const rig = await openRigWith(t, read)
    const newSecret = 'a~new.secret-from-the-portal'
    rig.emulator.addSecret(CLIENT_ID, newSecret)
    const arriving = await twentyAtCallback(rig)
    const answers = arriving.map(async ({ browser, callback }, at) => {
      if (at === 8) {
        files.secret = `${newSecret}\n`
        look()
      }
      return browser.visit(callback)
    })
    assertAllSignedIn(await Promise.all(answers))

    rig.emulator.setSecret(CLIENT_ID, newSecret)
    await assertSignsIn(rig)
    assert.equal(eventsOf(rig, 'credentials_changed').length, 1)
    assert.equal(eventsOf(rig, 'credential_refused').length, 0)
  })

  it('of a certificate and its key is taken over when both are there', async (t) => {
    const { look } = stopTimers(t)
    const { files, read } = filesOf(
      { 'cert.pem': pair.certificate, 'cert.key': pair.privateKey },
      certificateFiles,
    )
    const rig = await openRigWith(t, read)
    rig.emulator.addCertificate(CLIENT_ID, pair.certificate)
    rig.emulator.addCertificate(CLIENT_ID, otherPair.certificate)
    files['cert.pem'] = otherPair.certificate
    look()
    await assertSignsIn(rig)
    files['cert.key'] = otherPair.privateKey
    look()
    rig.emulator.setApplication(CLIENT_ID, { certificates: [otherPair.certificate] })
    await assertSignsIn(rig)
    assert.deepEqual(eventsOf(rig, 'credentials_not_read'), [])
  })

  it('that is broken leaves the credential as it was, and is named in the log once', async (t) => {
    const { look } = stopTimers(t)
    const { files, read } = filesOf({ secret: CLIENT_SECRET }, secretFile)
    const rig = await openRigWith(t, read)
    for (const content of ['', undefined]) {
      if (content === undefined) delete files.secret
      else files.secret = content
      for (let times = 0; times < 4; times += 1) look()
      await assertSignsIn(rig)
    }
    const problems = eventsOf(rig, 'credentials_not_read').map((line) => String(line.problems))
    assert.equal(problems.length, 2)
    assert.match(problems[0] ?? '', /is empty in the file that ENTRADA_ENTRA_CLIENT_SECRET_FILE/)
    assert.match(problems[1] ?? '', /cannot be read from the file that ENTRADA_ENTRA_CLIENT_SECRET/)

    files.secret = CLIENT_SECRET
    look()
    assert.equal(eventsOf(rig, 'credentials_read').length, 1)
  })

  it('is read at once when somebody asks, and the answer is in the log', async (t) => {
    stopTimers(t)
    const { files, read } = filesOf({ secret: CLIENT_SECRET }, secretFile)
    const rig = await openRigWith(t, read)
    files.secret = 'ca4a4700-0000-4000-8000-000000000001'
    await rig.services.rereadCredentials()
    assert.match(
      JSON.stringify(eventsOf(rig, 'credentials_not_read')),
      /shaped like the secret's ID/,
    )
    files.secret = `${CLIENT_SECRET}\nanother~secret`
    await rig.services.rereadCredentials()
    const [changed] = eventsOf(rig, 'credentials_changed')
    assert.ok(Array.isArray(changed?.credentials))
    assert.equal(changed.credentials.length, 2)
    assert.doesNotMatch(rig.logLines.join('\n'), /ca4a4700|another~secret/)
  })

  it('keeps the dates of the environment for the secrets they were given for', () => {
    const { files, read } = filesOf(
      { secret: 'one two' },
      { ...secretFile, ENTRADA_ENTRA_CLIENT_SECRET_EXPIRES: '2027-01-31 -' },
    )
    const ends = () =>
      read().map((credential) =>
        credential.kind === 'client_secret' ? credential.expiresAt : credential,
      )
    assert.deepEqual(ends(), [new Date('2027-01-31'), undefined])
    files.secret = 'three one'
    assert.deepEqual(
      read().map((credential) => ('expiresAt' in credential ? credential.expiresAt : undefined)),
      [undefined, new Date('2027-01-31')],
    )
  })

  it('of dates changes with the file of secrets', () => {
    const environment = { ...secretFile, ENTRADA_ENTRA_CLIENT_SECRET_EXPIRES_FILE: 'dates' }
    const { files, read } = filesOf({ secret: 'one', dates: '2027-01-31' }, environment)
    files.secret = 'two one'
    assert.throws(read, { code: 'settings_invalid' })
    files.dates = '2028-01-31, 2027-01-31'
    assert.deepEqual(
      read().map((credential) => ('expiresAt' in credential ? credential.expiresAt : undefined)),
      [new Date('2028-01-31'), new Date('2027-01-31')],
    )
  })
})

describe('what is known of credentials', () => {
  it('stands in the row of the connection, without values', async (t) => {
    const end = new Date('2027-05-01')
    const credentials = [secretCredential(CLIENT_SECRET, end), certificateCredential(pair)]
    const rig = await openRigWith(t, credentials)
    const row = await rig.services.storage.findConnection('default')
    const { validToDate } = new X509Certificate(pair.certificate)
    assert.deepEqual(
      row?.credentials.map(({ kind, expiresAt, state, sealed }) => ({
        kind,
        expiresAt,
        state,
        sealed,
      })),
      [
        { kind: 'client_secret', expiresAt: end, state: 'active', sealed: undefined },
        { kind: 'certificate', expiresAt: validToDate, state: 'active', sealed: undefined },
      ],
    )
    assert.doesNotMatch(JSON.stringify(row), /development~only|PRIVATE/)
  })

  it('is in the row again after a change of the file', async (t) => {
    const { files, read } = filesOf(
      { secret: CLIENT_SECRET },
      { ENTRADA_ENTRA_CLIENT_SECRET_FILE: 'secret' },
    )
    const rig = await openRigWith(t, read)
    const idsInRow = async () =>
      (await rig.services.storage.findConnection('default'))?.credentials.map(({ id }) => id)
    const before = await idsInRow()
    files.secret = `a~new.one ${CLIENT_SECRET}`
    await rig.services.rereadCredentials()
    const [added, ...kept] = (await idsInRow()) ?? []
    assert.deepEqual(kept, before)
    assert.match(added ?? '', /^client_secret:/)
  })

  it('is on the operators’ page: what was refused, what ends soon, what has ended', async (t) => {
    const soon = new Date(TEST_NOW.getTime() + 20 * DAY_SECONDS * 1000)
    const rig = await openRigWith(t, [
      secretCredential('the~ended.one', new Date('2026-11-01')),
      secretCredential('the~wrong.one'),
      secretCredential(CLIENT_SECRET, soon),
    ])
    await assertSignsIn(rig)
    const operator = rig.browser()
    await signInWithToken(operator, SERVER_URL)
    const overview = await operator.visit(`${SERVER_URL}/admin`)
    const notices = [...overview.text.matchAll(/<li class="bad"><p>(.*?)<\/p>/g)].map(
      ([, words]) => words,
    )
    const { text } = await operator.visit(`${SERVER_URL}/admin/connections/default`)
    assert.equal(notices.length, 3)
    assert.match(notices[0] ?? '', /has ended/)
    assert.match(notices[1] ?? '', /was refused/)
    assert.match(notices[2] ?? '', /ends in 20 days/)
    assert.match(text, /refused: AADSTS7000215/)
    assert.match(text, /2026-12-12/)
    assert.doesNotMatch(text, /the~wrong|the~ended|development~only/)
  })

  it('is looked at every hour for ends that come closer', async (t) => {
    t.mock.timers.enable({ apis: ['setInterval'] })
    const end = new Date(TEST_NOW.getTime() + 31.5 * DAY_SECONDS * 1000)
    const rig = await openRigWith(t, [secretCredential(CLIENT_SECRET, end)])
    rig.clock.advanceSeconds(DAY_SECONDS)
    t.mock.timers.tick(3_600_000)
    const daysLeftLogged = eventsOf(rig, 'credential_expires').map(({ daysLeft }) => daysLeft)
    assert.deepEqual(daysLeftLogged, [31, 30])
  })

  it('says once which setting tells the end of a secret when it is not known', async (t) => {
    t.mock.timers.enable({ apis: ['setInterval'] })
    const rig = await openRigWith(t, [secretCredential(CLIENT_SECRET)])
    t.mock.timers.tick(3_600_000)
    const [said, ...more] = eventsOf(rig, 'credential_expiry_unknown')
    assert.equal(said?.set, 'ENTRADA_ENTRA_CLIENT_SECRET_EXPIRES')
    assert.deepEqual(more, [])
  })

  it('is at hand for metrics', async (t) => {
    const rig = await openRigWith(t, [secretCredential(CLIENT_SECRET, new Date('2026-12-02'))])
    const [{ id, ...status } = { id: '' }] = rig.services.credentialStatus()
    assert.match(id, /^client_secret:[0-9a-f]{4}$/)
    assert.deepEqual(status, {
      kind: 'client_secret',
      expiresAt: new Date('2026-12-02'),
      daysLeft: 9,
      state: 'good',
    })
  })
})
