/** The key ring is rotated over two replicas while users sign in, and no sign-in is refused (design rule 15). */
import assert from 'node:assert/strict'
import { dirname } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { rotateKeys } from '../src/admin/rotate-keys.ts'
import { openCredential, sealCredential } from '../src/connections/sealed-credentials.ts'
import type { Entrada } from '../src/entrada.ts'
import { createKeyRing, newSecretKey } from '../src/keys/key-ring.ts'
import { Secret } from '../src/keys/secret.ts'
import { openParts, openServices } from '../src/open-services.ts'
import type { ConnectionId } from '../src/storage/records.ts'
import type { TestBrowser } from './support/browser.ts'
import { stoppedClock } from './support/clock.ts'
import { locationOf } from './support/refusals.ts'
import {
  browserAcross,
  newDatabaseFile,
  openReplica,
  sameBrowserAcross,
} from './support/replicas.ts'
import { OPERATOR_TOKEN, people, type Rig, SERVER_URL } from './support/rig.ts'
import { auditEvents, formTokenOf, openRig, postForm } from './support/steps.ts'
import { run } from './support/transcript.ts'

const [older, newer] = [new Secret(newSecretKey()), new Secret(newSecretKey())]
const idOf = (key: Secret) => createKeyRing([key]).keyIds[0] ?? ''
const withoutTime = (line: string) => line.replace(/\d{4}-\S+Z/, 'TIME')
const canary = 'canary~secret-of-a-connection'
type Ring = readonly Secret[]

/** A further connection with a secret of its own, as one that is managed through the API has. */
async function putSealed({ services }: Rig, id: ConnectionId, ring: Ring): Promise<void> {
  const connection = await services.storage.findConnection('default')
  assert.ok(connection)
  const credential = {
    id: 'crd_1',
    kind: 'client_secret',
    state: 'active',
    createdAt: services.now(),
    sealed: sealCredential(createKeyRing(ring), canary, {
      connectionId: id,
      credentialId: 'crd_1',
    }),
  } as const
  const other = {
    ...connection,
    id,
    slug: id,
    managedBy: 'api',
    credentials: [credential],
  } as const
  await services.storage.atomically((transaction) => transaction.putConnection(other))
}

async function secretOf({ services }: Rig, id: ConnectionId, ring: Ring): Promise<string> {
  const connection = await services.storage.findConnection(id)
  const [credential] = connection?.credentials ?? []
  const place = { connectionId: id, credentialId: 'crd_1' }
  return openCredential(createKeyRing(ring), credential?.sealed ?? '', place)
}

/** A user who is at Entra, with the address of the callback. */
async function goAway(rig: Rig, replica: Entrada) {
  rig.emulator.signInAutomaticallyAs(people.bob)
  const browser = browserAcross(rig, [replica])
  const start = await browser.request(`${SERVER_URL}/auth/entra/login`)
  return { browser, callback: locationOf(await browser.request(locationOf(start))) }
}

type Somebody = { readonly browser: TestBrowser; readonly form: string }

/** A sign-in that changes replicas on the way, and the sign-out form of the page it ends on. */
async function signInAcross(rig: Rig, replicas: readonly Entrada[]): Promise<Somebody> {
  rig.emulator.signInAutomaticallyAs(people.alice)
  const browser = browserAcross(rig, replicas)
  const { response, text } = await browser.visit(`${SERVER_URL}/auth/entra/login`)
  assert.equal(response.status, 200)
  return { browser, form: formTokenOf(text) }
}

/** One moment of the rotation: everything that is under way ends well on either replica, and new things begin. */
function createStage(rig: Rig) {
  let away: Awaited<ReturnType<typeof goAway>>[] = []
  let signedIn: Somebody[] = []
  return {
    async check(name: string, replicas: readonly [Entrada, Entrada]) {
      const [first, second] = replicas
      for (const [n, { browser, callback }] of away.entries()) {
        const back = sameBrowserAcross(rig, [n % 2 ? first : second], browser)
        assert.equal((await back.request(callback)).status, 303, `${name}: the way back`)
      }
      for (const [n, { browser, form }] of signedIn.entries()) {
        const there = sameBrowserAcross(rig, [n % 2 ? first : second], browser)
        const session = await there.request(`${SERVER_URL}/api/v1/session`)
        assert.equal(session.status, 200, `${name}: the session`)
        const fields = { form_token: form }
        const out = await postForm(there, `${SERVER_URL}/auth/logout`, { fields })
        assert.ok(out.status < 400, `${name}: the form of a page from before, ${out.status}`)
      }
      signedIn = [
        await signInAcross(rig, [first, second]),
        await signInAcross(rig, [second, first]),
      ]
      away = [await goAway(rig, first), await goAway(rig, second)]
    },
    /** Long enough for every attempt to have ended. */
    waitForAttempts() {
      rig.clock.advanceSeconds(660)
      away = []
    },
  }
}

async function openOnFile(t: TestContext) {
  const database = await newDatabaseFile(t)
  const rig = await openRig(t, { database, secretKeys: [older] })
  const rotate = async (ring: Ring, ...options: string[]) => {
    const answered = await run(['key', 'rotate', ...options], {
      ENTRADA_DATA_DIR: dirname(database),
      ENTRADA_SECRET_KEYS: ring.map((key) => key.reveal()).join(','),
      ENTRADA_OPERATOR_TOKEN: OPERATOR_TOKEN,
    })
    return answered
  }
  return { rig, rotate, replica: (ring: Ring) => openReplica(t, rig, { secretKeys: ring }) }
}

describe('the rotation of the key ring', () => {
  it('refuses nobody at any step, on either replica (I02)', async (t) => {
    const { rig, rotate, replica } = await openOnFile(t)
    const { check, waitForAttempts } = createStage(rig)
    await putSealed(rig, 'con_other', [older])
    await check('before', [rig.entrada, replica([older])])

    const appended = [older, newer]
    await check('appended on one', [replica(appended), rig.entrada])
    await check('appended on both', [replica(appended), replica(appended)])

    const moved = [newer, older]
    await check('moved first on one', [replica(moved), replica(appended)])
    const both = [replica(moved), replica(moved)] as const
    await check('moved first on both', both)

    const { exitCode, printed } = await rotate(moved, '--json')
    assert.equal(exitCode, 0)
    const rotation = JSON.parse(printed.join(''))
    const { removableFrom } = rotation.keys[1]
    assert.ok(Date.parse(removableFrom) > Date.now() + 3_500_000)
    assert.deepEqual(rotation, {
      sealingKeyId: idOf(newer),
      resealed: 1,
      keys: [
        { keyId: idOf(newer), values: 1 },
        { keyId: idOf(older), values: 0, removableFrom },
      ],
      auditChain: 'signed',
    })
    await check('rotated', both)

    await check('still rotated', both)
    await check('removed on one', [replica([newer]), both[0]])
    await check('removed on both', [replica([newer]), replica([newer])])
    waitForAttempts()
    assert.equal(await secretOf(rig, 'con_other', [newer]), canary)
    const refused = await auditEvents(rig, { type: 'sign_in.refused' })
    assert.deepEqual(refused, [])
  })

  it('asks whoever was away for too long under a removed key to start again, and no more (I02)', async (t) => {
    const { rig, replica } = await openOnFile(t)
    const { browser, callback } = await goAway(rig, rig.entrada)
    const back = sameBrowserAcross(rig, [replica([newer])], browser)
    const answer = await back.request(callback)
    assert.equal(answer.status, 400)
    assert.match(await answer.text(), /sign_in_attempt_not_yours/)
  })
})

describe('entrada key rotate', () => {
  it('says what it did and what is left, and has nothing to do the second time', async (t) => {
    const { rig, rotate } = await openOnFile(t)
    await putSealed(rig, 'con_a', [older])
    await putSealed(rig, 'con_b', [older])
    await putSealed(rig, 'con_c', [newer])
    const ring = [newer, older]
    const lines = (resealed: number) => [
      `sealed again: ${resealed}`,
      `${idOf(newer)}  3 sealed under it; the first key`,
      `${idOf(older)}  0 left; it may be removed from TIME on`,
      'audit chain: its end is signed under the first key',
    ]
    const first = (await rotate(ring)).lines
    assert.deepEqual(first.map(withoutTime), lines(2))
    const second = (await rotate(ring)).lines
    assert.deepEqual(second.map(withoutTime), lines(0))
    assert.equal(second[2], first[2], 'the time does not move when it is run again')
    for (const id of ['con_a', 'con_b', 'con_c']) {
      assert.equal(await secretOf(rig, id, [newer]), canary)
    }
    const events = await auditEvents(rig, { type: 'key_ring.rotated' })
    assert.deepEqual(
      events.map(({ actor, connectionId, detail }) => ({ actor, connectionId, detail })),
      ['con_b', 'con_a'].map((connectionId) => ({
        actor: { kind: 'operator', id: 'command_line' },
        connectionId,
        detail: { resealed: 1 },
      })),
    )
  })

  it('says from when on the old key may be removed: an hour after the new one came to the front (O19)', async (t) => {
    const { rig } = await openOnFile(t)
    const clock = stoppedClock()
    const services = await openParts({ ...rig.options, secretKeys: [newer, older], now: clock.now })
    t.after(() => services.close())
    const from = async () => {
      const { keys } = await rotateKeys(services, { kind: 'system' })
      return keys.map(({ keyId, removableFrom }) => [keyId, removableFrom])
    }
    const inAnHour = new Date(clock.now().getTime() + 3_600_000)
    const expected = [
      [idOf(newer), undefined],
      [idOf(older), inAnHour],
    ]
    assert.deepEqual(await from(), expected)
    clock.advanceSeconds(3_600)
    assert.deepEqual(await from(), expected)
  })

  it('goes on where it was interrupted', async (t) => {
    const { rig, rotate } = await openOnFile(t)
    await putSealed(rig, 'con_a', [older])
    await putSealed(rig, 'con_broken', [older])
    const { storage } = rig.services
    const whole = await storage.findConnection('con_broken')
    assert.ok(whole)
    const credentials = whole.credentials.map((credential) => ({
      ...credential,
      sealed: `${credential.sealed}A`,
    }))
    await storage.atomically((transaction) => transaction.putConnection({ ...whole, credentials }))
    const stopped = await rotate([newer, older])
    assert.equal(stopped.exitCode, 1)
    assert.match(stopped.printedErrors.join('\n'), /sealed_value_invalid/)
    assert.equal(await secretOf(rig, 'con_a', [newer]), canary)

    await storage.atomically((transaction) => transaction.putConnection(whole))
    assert.match((await rotate([newer, older])).printed[0] ?? '', /^sealed again: 1$/)
  })

  it('may run several times at once, beside whoever changes the connection', async (t) => {
    const { rig } = await openOnFile(t)
    await putSealed(rig, 'con_a', [older])
    const services = await openServices({ ...rig.options, secretKeys: [newer, older] })
    t.after(() => services.close())
    const rotations = Array.from({ length: 5 }, () => rotateKeys(services, { kind: 'system' }))
    const resealed = (await Promise.all(rotations)).map((rotation) => rotation.resealed)
    assert.equal(
      resealed.reduce((sum, count) => sum + count),
      1,
    )
    assert.equal(await secretOf(rig, 'con_a', [newer]), canary)
  })

  it('refuses, like the server, when a key is missing that something is sealed under (I05)', async (t) => {
    const { rig, rotate } = await openOnFile(t)
    await putSealed(rig, 'con_a', [older])
    const { exitCode, printedErrors } = await rotate([newer])
    assert.equal(exitCode, 1)
    assert.match(printedErrors.join('\n'), new RegExp(`secret_key_missing[\\s\\S]*${idOf(older)}`))
    await assert.rejects(openServices({ ...rig.options, secretKeys: [newer] }), {
      code: 'secret_key_missing',
    })
    assert.equal(await secretOf(rig, 'con_a', [older]), canary)
  })

  it('leaves no secret readable in the database (I03)', async (t) => {
    const { rig, rotate } = await openOnFile(t)
    await putSealed(rig, 'con_a', [older])
    await rotate([newer, older])
    const connection = await rig.services.storage.findConnection('con_a')
    assert.doesNotMatch(JSON.stringify(connection), /canary/)
  })
})

describe('entrada key create', () => {
  it('prints a key that the key ring takes, another each time, and nothing else', async () => {
    const keys = await Promise.all([run(['key', 'create'], {}), run(['key', 'create'], {})])
    const lines = keys.map((answered) => answered.lines)
    for (const [key = '', ...more] of lines) {
      assert.deepEqual(more, [])
      assert.equal(createKeyRing([new Secret(key)]).keyIds.length, 1)
    }
    assert.notDeepEqual(lines[0], lines[1])
  })
})
