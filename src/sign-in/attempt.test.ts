import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { stoppedClock } from '../../test/support/clock.ts'
import { afterCookies, exchangeAt, servicesWith } from '../../test/support/samples.ts'
import type { Deployment } from '../deployment.ts'
import { isEntradaError } from '../errors/errors.ts'
import { newCodeFlow } from '../identity-provider/code-flow.ts'
import { createKeyRing, newSecretKey } from '../keys/key-ring.ts'
import { Secret } from '../keys/secret.ts'
import {
  type Attempt,
  attemptCookies,
  attemptState,
  checkAttemptOpen,
  dropAttemptCookie,
  newAttempt,
  openAttempt,
} from './attempt.ts'

const HERE = new URL('https://sso.example.com')
const SECOND = new URL('https://second.example.com')
const KEY = new Secret(newSecretKey())
const clock = stoppedClock()
const deployment: Pick<Deployment, 'cookiePrefix'> = { cookiePrefix: 'entrada' }

/** The same parts as another replica, or the same one after a restart, has them. */
function replica(keys: readonly Secret[] = [KEY]) {
  return servicesWith({
    deployment: deployment as Deployment, // of which an attempt reads the prefix alone
    keyRing: createKeyRing(keys),
    now: clock.now,
    randomBytes: (count) => randomBytes(count),
    sha256: (text) => createHash('sha256').update(text).digest('hex'),
  })
}
const services = replica()

type Jar = ReadonlyMap<string, string>
type Started = { readonly attempt: Attempt; readonly jar: Jar; readonly lines: readonly string[] }

/** Starts a sign-in in a browser with these cookies, a millisecond after the last one. */
function start(jar: Jar = new Map(), returnTo = '/deep', here = HERE): Started {
  clock.advanceSeconds(0.001)
  const attempt = newAttempt(services, {
    connectionId: 'default',
    purpose: 'sign_in',
    returnTo,
    kept: newCodeFlow(services.randomBytes),
  })
  const lines = attemptCookies(services, exchangeAt(here, jar), attempt)
  return { attempt, lines, jar: afterCookies(jar, lines) }
}

function open(jar: Jar, state: string, { here = HERE, by = services } = {}): Attempt {
  return openAttempt(by, exchangeAt(here, jar), state)
}

const bytesOf = (jar: Jar) =>
  [...jar].reduce((sum, [name, value]) => sum + name.length + value.length, 0)
const notYours = (reason: string) => ({ code: 'sign_in_attempt_not_yours', detail: { reason } })

describe('newAttempt', () => {
  it('makes a new state every time, long enough that it cannot be guessed (A43)', () => {
    const attempts = Array.from({ length: 100 }, () => start().attempt)
    for (const member of ['id', 'stateSecret'] as const) {
      assert.equal(new Set(attempts.map((attempt) => attempt[member])).size, 100, member)
    }
    for (const { stateSecret } of attempts) {
      assert.match(stateSecret, /^[A-Za-z0-9_-]{22}$/)
    }
  })

  it('lasts ten minutes', () => {
    const { attempt } = start()
    assert.equal(attempt.expiresAt.getTime() - clock.now().getTime(), 600_000)
  })
})

describe('openAttempt', () => {
  it('gives back what was remembered', () => {
    const { attempt, jar } = start(new Map(), '/deep?a=1#b')
    assert.deepEqual(open(jar, attemptState(attempt)), attempt)
  })

  it('opens an attempt that a release sealed which knew the words of OpenID Connect alone', () => {
    const id = '0'.repeat(32)
    const name = `__Host-entrada-attempt-${id}`
    const list = ['default', 'sign_in', '/deep', 'secret', 'nonce', 'verifier', 1_000]
    const sealed = services.keyRing.seal(
      'attempt-cookie',
      JSON.stringify(list),
      `${name}@${HERE.host}${services.deployment.mountPath}`,
    )
    assert.deepEqual(open(new Map([[name, sealed]]), `${id}.secret`), {
      id,
      connectionId: 'default',
      purpose: 'sign_in',
      returnTo: '/deep',
      stateSecret: 'secret',
      kept: { nonce: 'nonce', codeVerifier: 'verifier' },
      expiresAt: new Date(1_000),
    })
  })

  it('opens on another replica and after a restart (H12, H13)', () => {
    const { attempt, jar } = start()
    assert.deepEqual(open(jar, attemptState(attempt), { by: replica() }), attempt)
  })

  it('opens while the keys are rotated, and is not ours once the key is gone (I02)', () => {
    const { attempt, jar } = start()
    const another = new Secret(newSecretKey())
    assert.deepEqual(open(jar, attemptState(attempt), { by: replica([another, KEY]) }), attempt)
    assert.throws(
      () => open(jar, attemptState(attempt), { by: replica([another]) }),
      notYours('sealed'),
    )
  })

  it('shows nothing of itself in the cookie', () => {
    const { attempt, lines } = start()
    const readable = lines.join('\n') + Buffer.from(lines.join('.'), 'base64url').toString('latin1')
    for (const value of [...Object.values(attempt.kept), attempt.stateSecret, '/deep']) {
      assert.equal(readable.includes(value), false)
    }
  })

  it('refuses a browser that holds no attempt at all (A33, C01)', () => {
    const { attempt } = start()
    assert.throws(() => open(new Map(), attemptState(attempt)), notYours('cookie'))
  })

  it('refuses the state of another attempt of the same browser (A33)', () => {
    const first = start()
    const second = start(first.jar)
    const mixed = `${first.attempt.id}.${second.attempt.stateSecret}`
    assert.throws(() => open(second.jar, mixed), notYours('state'))
  })

  it('refuses a cookie under the name of another attempt', () => {
    const [first, second] = [start(), start()]
    const [[name = ''] = []] = [...first.jar]
    const [[, value = ''] = []] = [...second.jar]
    assert.throws(
      () => open(new Map([[name, value]]), attemptState(first.attempt)),
      notYours('sealed'),
    )
    const secretOfTwo = `${first.attempt.id}.${second.attempt.stateSecret}`
    assert.throws(() => open(new Map([[name, value]]), secretOfTwo), notYours('sealed'))
  })

  it('refuses on another host than it was started on', () => {
    const { attempt, jar } = start()
    assert.throws(() => open(jar, attemptState(attempt), { here: SECOND }), notYours('sealed'))
    const port = new URL('https://sso.example.com:8443')
    assert.throws(() => open(jar, attemptState(attempt), { here: port }), notYours('sealed'))
  })

  it('refuses a cookie of http on https', () => {
    const { attempt, jar } = start(new Map(), '/', new URL('http://sso.example.com'))
    assert.throws(() => open(jar, attemptState(attempt)), notYours('cookie'))
  })

  it('refuses a cookie that was sealed for something else', () => {
    const { attempt, jar } = start()
    const [[name = ''] = []] = [...jar]
    const value = services.keyRing.seal('sign-out-state', '[]', `${name}@${HERE.host}`)
    assert.throws(() => open(new Map([[name, value]]), attemptState(attempt)), notYours('sealed'))
  })

  const states = (state: string, id: string): readonly (readonly [string, string])[] => [
    ['empty', ''],
    ['a dot', '.'],
    ['the id alone', id],
    ['the id with an empty secret', `${id}.`],
    ['the secret alone', state.slice(33)],
    ['in capitals', state.toUpperCase()],
    ['one letter short', state.slice(0, -1)],
    ['one letter long', `${state}A`],
    ['with a third part', `${state}.x`],
    ['with a space before', ` ${state}`],
    ['with a line break', `${state}\n`],
    ['a prototype', '__proto__.constructor'],
    ['another id', `${'0'.repeat(32)}.${state.slice(33)}`],
    ['a path', '../../etc/passwd'],
    ['without end', 'a'.repeat(100_000)],
  ]
  it('refuses a state that is wrong in any way (A33)', () => {
    const { attempt, jar } = start()
    for (const [what, state] of states(attemptState(attempt), attempt.id)) {
      assert.throws(() => open(jar, state), { code: 'sign_in_attempt_not_yours' }, what)
    }
  })

  it('refuses a cookie that was changed in any letter', () => {
    const { attempt, jar } = start()
    const [[name = '', value = ''] = []] = [...jar]
    for (let index = 0; index < value.length; index += 1) {
      const letter = value[index] === 'A' ? 'B' : 'A'
      const changed = value.slice(0, index) + letter + value.slice(index + 1)
      assert.throws(
        () => open(new Map([[name, changed]]), attemptState(attempt)),
        notYours('sealed'),
      )
    }
  })

  it('answers any junk with its own refusal (C12)', () => {
    const { attempt, jar } = start()
    const [[name = '', value = ''] = []] = [...jar]
    const cookie = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.string().map((text) => `${value}.${text}`),
    )
    const id = fc.oneof(fc.constant(attempt.id), fc.string(), fc.constantFrom('__proto__', '.'))
    const state = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.tuple(id, fc.string()).map((t) => t.join('.')),
    )
    fc.assert(
      fc.property(cookie, state, (cookieValue, stateValue) => {
        for (const browser of [new Map([[name, cookieValue]]), jar]) {
          assert.throws(() => open(browser, stateValue), isEntradaError)
        }
      }),
    )
  })
})

describe('checkAttemptOpen', () => {
  it('lets an attempt be finished until ten minutes are over, to the second (C10)', () => {
    const { attempt } = start()
    clock.advanceSeconds(599.999)
    checkAttemptOpen(services, attempt)
    clock.advanceSeconds(0.001)
    assert.throws(() => checkAttemptOpen(services, attempt), { code: 'sign_in_attempt_expired' })
  })

  it('still knows where the person wanted to go when it is too late (C10)', () => {
    const { attempt, jar } = start(new Map(), '/deep?a=1')
    clock.advanceSeconds(660)
    assert.equal(open(jar, attemptState(attempt)).returnTo, '/deep?a=1')
  })
})

describe('attemptCookies', () => {
  it('has a cookie of its own for every attempt, which no script reads (C04)', () => {
    const { attempt, lines } = start()
    assert.equal(lines.length, 1)
    const attributes = lines[0]?.replace(/^[^;]*/, '')
    assert.equal(attributes, '; Path=/; Max-Age=3600; HttpOnly; SameSite=Lax; Secure')
    assert.equal(lines[0]?.startsWith(`__Host-entrada-attempt-${attempt.id}=`), true)
  })

  it('leaves the newest eight open, whatever is started (C08)', () => {
    let jar: Jar = new Map()
    const started: Attempt[] = []
    for (let tab = 0; tab < 40; tab += 1) {
      const next = start(jar)
      started.push(next.attempt)
      jar = next.jar
      assert.ok(jar.size <= 8)
      assert.ok(bytesOf(jar) <= 6000, String(bytesOf(jar)))
    }
    assert.equal(jar.size, 8)
    for (const attempt of started.slice(-8))
      assert.deepEqual(open(jar, attemptState(attempt)), attempt)
    for (const attempt of started.slice(0, -8)) {
      assert.throws(() => open(jar, attemptState(attempt)), notYours('cookie'))
    }
  })

  it('never holds more than 6000 bytes together, however long the ways back are (C08)', () => {
    const returnTo = fc.integer({ min: 1, max: 1024 }).map((length) => '/'.padEnd(length, 'x'))
    fc.assert(
      fc.property(fc.array(returnTo, { minLength: 1, maxLength: 15 }), (ways) => {
        let jar: Jar = new Map()
        for (const way of ways) {
          const next = start(jar, way)
          jar = next.jar
          assert.ok(bytesOf(jar) <= 6000, String(bytesOf(jar)))
          assert.deepEqual(open(jar, attemptState(next.attempt)), next.attempt)
        }
      }),
      { numRuns: 50 },
    )
  })

  it('fits into what a browser keeps with the most awkward way back (C08)', () => {
    const { jar } = start(new Map(), `/?${'\\'.repeat(1022)}`)
    assert.ok(bytesOf(jar) < 4096, String(bytesOf(jar)))
  })

  it('leaves other cookies alone', () => {
    const others = new Map([
      ['__Host-entrada-session', 'x'],
      ['theirs', 'y'.repeat(9000)],
    ])
    assert.equal(start(others).lines.length, 1)
  })

  it('removes what only pretends to be an attempt, once it is in the way', () => {
    const pretended = Array.from(
      { length: 20 },
      (_, index) => [`__Host-entrada-attempt-${index}`, 'x'] as const,
    )
    const { jar } = start(new Map(pretended))
    assert.equal(jar.size, 8)
  })
})

describe('dropAttemptCookie', () => {
  it('ends one attempt in this browser and leaves the others', () => {
    const first = start()
    const second = start(first.jar)
    const jar = afterCookies(second.jar, [dropAttemptCookie(services, HERE, first.attempt)])
    assert.throws(() => open(jar, attemptState(first.attempt)), notYours('cookie'))
    assert.deepEqual(open(jar, attemptState(second.attempt)), second.attempt)
  })
})
