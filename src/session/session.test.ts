import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { openExchange } from '../http/exchange.ts'
import { newSecretKey } from '../keys/key-ring.ts'
import { Secret } from '../keys/secret.ts'
import { type OpenedServices, openServices } from '../open-services.ts'
import { findSession, getSession, newSession, sessionCookies, storedTokenHash } from './session.ts'

const here = new URL('https://sso.example.com')
const operatorToken = new Secret('operator-token-for-tests-0123456789-abcdefghijklmnop')
const elsewhere = new URL('https://second.example.com')
const start = new Date('2026-11-22T12:00:00.000Z')
const minute = 60_000

type Parts = OpenedServices & { moveTo(millis: number): void; readonly warnings: string[] }

async function open(t: TestContext): Promise<Parts> {
  let time = start.getTime()
  const warnings: string[] = []
  const services = await openServices({
    serverUrl: here,
    extraUrls: [elsewhere],
    database: ':memory:',
    secretKeys: [new Secret(newSecretKey())],
    operatorTokens: [operatorToken],
    session: { idleSeconds: 1800, maxSeconds: 7200 },
    now: () => new Date(time),
    log: { debug() {}, info() {}, warn: (event) => void warnings.push(event), error() {} },
  })
  t.after(() => services.close())
  return {
    ...services,
    warnings,
    moveTo(millis) {
      time = start.getTime() + millis
    },
  }
}

function exchangeFor(services: OpenedServices, cookie = '', origin = here) {
  const headers = { cookie, 'user-agent': 'a browser' }
  const request = new Request(`${origin.origin}/`, { headers })
  return openExchange(services, request, { remoteAddress: '192.0.2.7' })
}

function ofKind({ sha256 }: OpenedServices, kind: 'user' | 'operator') {
  return kind === 'user'
    ? ({ kind } as const)
    : ({ kind, operatorTokenHash: sha256(operatorToken.reveal()) } as const)
}

async function openSession(services: OpenedServices, kind: 'user' | 'operator' = 'operator') {
  const opened = newSession(services, exchangeFor(services), ofKind(services, kind))
  await services.storage.atomically((transaction) => transaction.createSession(opened.session))
  const [cookie = ''] = sessionCookies(services, here, opened)[0]?.split(';') ?? []
  return { ...opened, cookie }
}

describe('newSession', () => {
  it('makes a token of 256 bits each time and keeps only its hash', async (t) => {
    const services = await open(t)
    const opened = Array.from({ length: 50 }, () =>
      newSession(services, exchangeFor(services), { kind: 'user' }),
    )
    assert.equal(new Set(opened.map(({ sessionToken }) => sessionToken)).size, 50)
    for (const { session, sessionToken } of opened) {
      assert.equal(Buffer.from(sessionToken, 'base64url').length, 32)
      assert.equal(
        session.tokenHash,
        storedTokenHash(services, exchangeFor(services).here, sessionToken),
      )
      assert.ok(!JSON.stringify(session).includes(sessionToken))
    }
  })

  it('notes where it was opened from', async (t) => {
    const services = await open(t)
    const { session } = newSession(services, exchangeFor(services), { kind: 'user' })
    assert.equal(session.host, 'sso.example.com')
    assert.equal(session.ip, '192.0.2.7')
    assert.equal(session.userAgent, 'a browser')
  })

  it('ends no later than the identity provider allows, and no later than the settings', async (t) => {
    const services = await open(t)
    const ends = [3600, 7200, 9000].map((seconds) => {
      const notAfter = new Date(start.getTime() + seconds * 1000)
      const { session } = newSession(services, exchangeFor(services), { kind: 'user', notAfter })
      assert.equal('notAfter' in session, false)
      return (session.absoluteEndsAt.getTime() - start.getTime()) / 1000
    })
    assert.deepEqual(ends, [3600, 7200, 7200])
  })

  it('ends a person’s session by the settings, an operator’s after an hour', async (t) => {
    const services = await open(t)
    const lifetimes = (['user', 'operator'] as const).map((kind) => {
      const { session } = newSession(services, exchangeFor(services), ofKind(services, kind))
      return [session.idleEndsAt, session.absoluteEndsAt].map(
        (end) => (end.getTime() - start.getTime()) / 1000,
      )
    })
    assert.deepEqual(lifetimes, [
      [1800, 7200],
      [1800, 3600],
    ])
  })
})

describe('findSession', () => {
  it('finds the session whose token the cookie holds', async (t) => {
    const services = await open(t)
    const { session, cookie } = await openSession(services)
    const view = await findSession(services, exchangeFor(services, cookie))
    assert.equal(view?.session.id, session.id)
  })

  it('finds nothing without a cookie, or with another value in it', async (t) => {
    const services = await open(t)
    const { cookie, session } = await openSession(services)
    const name = cookie.split('=')[0]
    const others = ['', `${name}=`, `${name}=${session.tokenHash}`, `${name}=${'A'.repeat(43)}`]
    for (const other of others) {
      assert.equal(await findSession(services, exchangeFor(services, other)), undefined)
    }
  })

  it('does not take a session of one host for one of another', async (t) => {
    const services = await open(t)
    const { cookie } = await openSession(services)
    assert.equal(await findSession(services, exchangeFor(services, cookie, elsewhere)), undefined)
  })

  it('writes down that it is in use at most once a minute (C33)', async (t) => {
    const services = await open(t)
    const { cookie } = await openSession(services)
    const seen: number[] = []
    for (const seconds of [0, 30, 59, 60, 90, 119, 120]) {
      services.moveTo(seconds * 1000)
      await findSession(services, exchangeFor(services, cookie))
      const again = await findSession(services, exchangeFor(services, cookie))
      seen.push(((again?.session.lastSeenAt.getTime() ?? 0) - start.getTime()) / 1000)
    }
    assert.deepEqual(seen, [0, 0, 0, 60, 60, 60, 120])
  })

  it('moves the idle end with use, and never past the absolute end (C33)', async (t) => {
    const services = await open(t)
    const { cookie, session } = await openSession(services)
    for (let at = 25; at <= 50; at += 25) {
      services.moveTo(at * minute)
      assert.ok(await findSession(services, exchangeFor(services, cookie)), `${at} minutes`)
    }
    const view = await findSession(services, exchangeFor(services, cookie))
    assert.deepEqual(view?.session.idleEndsAt, session.absoluteEndsAt)
    services.moveTo(60 * minute)
    assert.equal(await findSession(services, exchangeFor(services, cookie)), undefined)
  })

  it('is over after the idle time without use (C33)', async (t) => {
    const services = await open(t)
    const { cookie } = await openSession(services)
    services.moveTo(30 * minute - 1)
    assert.ok(await findSession(services, exchangeFor(services, cookie)))
    services.moveTo(2 * 30 * minute)
    assert.equal(await findSession(services, exchangeFor(services, cookie)), undefined)
  })

  it('goes on when only the note of use cannot be written', async (t) => {
    const services = await open(t)
    const { cookie } = await openSession(services)
    services.moveTo(2 * minute)
    const touchSession = async () => Promise.reject(new Error('disk full'))
    const failing = { ...services, storage: { ...services.storage, touchSession } }
    assert.ok(await findSession(failing, exchangeFor(services, cookie)))
    assert.deepEqual(services.warnings, ['session_touch_failed'])
  })

  it('fails when the database does not answer, instead of finding nothing (C36)', async (t) => {
    const services = await open(t)
    const { cookie } = await openSession(services)
    await services.storage.close()
    await assert.rejects(findSession(services, exchangeFor(services, cookie)), {
      code: 'storage_unavailable',
    })
  })
})

describe('getSession', () => {
  it('asks to sign in when there is no session', async (t) => {
    const services = await open(t)
    await assert.rejects(getSession(services, exchangeFor(services)), { code: 'sign_in_required' })
  })
})
