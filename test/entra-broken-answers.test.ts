/** Entra over real sockets, when what it answers is broken or leads elsewhere. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { gzipSync } from 'node:zlib'
import type { Fault } from '../src/emulator/faults.ts'
import { listen, openFarRig, startCanary } from './support/far-rig.ts'
import {
  assertRefusalPage,
  assertRefusedForGood,
  type ExpectedRefusal,
  goToEntra,
  noRows,
  rowCounts,
} from './support/refusals.ts'
import { people, type Rig, requestsAt, SERVER_URL } from './support/rig.ts'
import { openRig } from './support/steps.ts'

const unreachable = { code: 'provider_unreachable', status: 502 }
const invalid = { code: 'provider_answer_invalid', status: 502 }

const html = '<!doctype html><title>Proxy</title><h1>Please log in to the network</h1>'
const brokenAnswers: readonly (readonly [string, DistributedOmit<Fault, 'on'>, ExpectedRefusal])[] =
  [
    ['a page of a proxy in place of JSON', { kind: 'html' }, invalid],
    ['an answer that breaks off', { kind: 'cut_body' }, unreachable],
    ['an answer that is not JSON', { kind: 'invalid_json' }, invalid],
    ['an empty answer', answer(200, ''), invalid],
    ['a member that comes twice (S11)', answer(200, '{"a":1,"a":1}'), invalid],
    [
      'a member that comes twice further in (S11)',
      answer(200, '{"keys":[{"kid":1,"kid":2}]}'),
      invalid,
    ],
    [
      'another charset (A10)',
      answer(200, '{}', { 'content-type': 'application/json; charset=utf-16' }),
      invalid,
    ],
    ['a list in place of an object', answer(200, '[]'), invalid],
    ['a word in place of an object', answer(200, '"ok"'), invalid],
    ['an endless answer', answer(200, `{"a":"${'x'.repeat(2_000_000)}"}`), invalid],
    [
      'junk that calls itself gzip',
      answer(200, 'junk', { 'content-encoding': 'gzip' }),
      unreachable,
    ],
    ['an error page', answer(500, html), unreachable],
    ['a page that asks for patience', answer(503, html, { 'retry-after': '3600' }), unreachable],
    ['a refusal for asking too often', answer(429, '{}', { 'retry-after': '3600' }), unreachable],
    ['a redirect without an address', answer(302, '{}'), invalid],
  ]

type DistributedOmit<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never

function answer(status: number, body: string, headers: Readonly<Record<string, string>> = {}) {
  return {
    kind: 'status',
    status,
    body,
    headers: { 'content-type': 'application/json', ...headers },
  } as const
}

function faultOn(fault: DistributedOmit<Fault, 'on'>, on: 'discovery' | 'keys' | 'token'): Fault {
  return { ...fault, on } as Fault // every kind used here can hit all three
}

describe('a sign-in that gets a broken answer of Entra', () => {
  for (const [what, fault, refused] of brokenAnswers) {
    it(`is refused with ${what} for a token, whose code is not sent again (H06)`, async (t) => {
      const rig = await openFarRig(t)
      const at = await goToEntra(rig, people.alice)
      rig.emulator.setFault(faultOn(fault, 'token'))
      await assertRefusedForGood(rig, at, refused)
      assert.equal(requestsAt(rig, 'token'), 1)
      assert.deepEqual(await rowCounts(rig), noRows)
      await assertNextIsLetIn(rig)
    })

    it(`is refused with ${what} for discovery, which is not kept (H01)`, async (t) => {
      const rig = await openFarRig(t)
      rig.emulator.setFault(faultOn(fault, 'discovery'))
      const visit = await rig.browser().visit(`${SERVER_URL}/auth/entra/login`)
      assertRefusalPage(visit, refused)
      await assertNextIsLetIn(rig)
    })

    it(`is refused with ${what} for the keys, which is not kept (H01)`, async (t) => {
      const rig = await openFarRig(t)
      const at = await goToEntra(rig, people.alice)
      rig.emulator.setFault(faultOn(fault, 'keys'))
      await assertRefusedForGood(rig, at, refused)
      assert.deepEqual(await rowCounts(rig), noRows)
      await assertNextIsLetIn(rig)
    })
  }

  it('understands an answer that really is compressed', async (t) => {
    const rig = await openRig(t, {
      fetch: async (url, init) => {
        const { status, body } = await rig.emulator.fetch(new Request(url, init))
        const bytes = gzipSync(await new Response(body).text())
        const headers = { 'content-type': 'application/json', 'content-encoding': 'gzip' }
        const origin = await listen(t, (_request, response) => {
          response.writeHead(status, headers).end(bytes)
        })
        return fetch(origin, init)
      },
    })
    assert.equal((await rig.signIn(people.alice)).response.status, 200)
  })
})

async function assertNextIsLetIn(rig: Rig): Promise<void> {
  const { browser, callback } = await goToEntra(rig, people.bob)
  assert.equal((await browser.visit(callback)).response.status, 200)
}

describe('a redirect of Entra', () => {
  for (const on of ['token', 'discovery', 'keys'] as const) {
    it(`from ${on} is not followed: secret and code go nowhere else (H06)`, async (t) => {
      const canary = await startCanary(t)
      const rig = await openFarRig(t)
      rig.emulator.setFault({ kind: 'redirect', on, location: canary.address, status: 307 })
      rig.emulator.signInAutomaticallyAs(people.alice)
      const visit = await rig.browser().visit(`${SERVER_URL}/auth/entra/login`)
      assertRefusalPage(visit, invalid)
      assert.equal(canary.hits(), 0)
      await assertNextIsLetIn(rig)
    })
  }
})

describe('a discovery document that leads elsewhere', () => {
  for (const member of [
    'token_endpoint',
    'jwks_uri',
    'authorization_endpoint',
    'end_session_endpoint',
  ]) {
    it(`with its ${member} is refused and not kept, and nobody is asked there (A54)`, async (t) => {
      const canary = await startCanary(t)
      const rig = await openFarRig(t)
      const set = { [member]: canary.address }
      rig.emulator.setFault({ kind: 'members', on: 'discovery', set })
      rig.emulator.signInAutomaticallyAs(people.alice)
      const visit = await rig.browser().visit(`${SERVER_URL}/auth/entra/login`)
      assertRefusalPage(visit, { code: 'entra_metadata_invalid', status: 502 })
      assert.equal(canary.hits(), 0)
      await assertNextIsLetIn(rig)
    })
  }
})
