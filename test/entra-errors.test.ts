import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { RefusalFault } from '../src/emulator/faults.ts'
import {
  type AtCallback,
  assertRefused,
  assertRefusedForGood,
  detailsOf,
  goToEntra,
  locationOf,
  noRows,
  rowCounts,
  sentenceOf,
} from './support/refusals.ts'
import { CLIENT_ID, CLIENT_SECRET, people, type Rig, SERVER_URL } from './support/rig.ts'
import { auditEvents, openRig, signInWithToken, signOut } from './support/steps.ts'

type Case = {
  readonly error: string
  readonly number: number
  readonly suberror?: string
  readonly becomes: { readonly code: string; readonly status: number }
  /** What the person reads. */
  readonly says: RegExp
  readonly whoCanFix: RegExp
  /** What the administrator reads. */
  readonly remedy?: RegExp
}

const refused = { code: 'authorization_refused', status: 403 }
const unreachable = { code: 'provider_unreachable', status: 502 }
const interaction = { code: 'interaction_required', status: 403 }
const credentials = { code: 'client_credentials_refused', status: 502 }
const codeRefused = { code: 'code_refused', status: 400 }
const tokenRefused = { code: 'token_request_refused', status: 502 }

const CANARY = 'Text of Entra that nobody but the log should see'
const directory = /administrator of the directory/
const operator = /the operator of this server/
const person = /^you$/

const onTheWayBack: readonly Case[] = [
  {
    error: 'access_denied',
    number: 50105,
    becomes: refused,
    says: /assign/i,
    whoCanFix: /application registration/,
  },
  { error: 'access_denied', number: 65004, becomes: refused, says: /./, whoCanFix: person },
  {
    error: 'access_denied',
    number: 50020,
    becomes: refused,
    says: /account/,
    whoCanFix: directory,
  },
  { error: 'access_denied', number: 53003, becomes: refused, says: /./, whoCanFix: directory },
  { error: 'access_denied', number: 90094, becomes: refused, says: /./, whoCanFix: directory },
  { error: 'consent_required', number: 65001, becomes: refused, says: /./, whoCanFix: /./ },
  { error: 'login_required', number: 50058, becomes: refused, says: /sign in/, whoCanFix: /./ },
  { error: 'interaction_required', number: 50076, becomes: refused, says: /./, whoCanFix: person },
  { error: 'invalid_request', number: 50011, becomes: refused, says: /./, whoCanFix: /./ },
  {
    error: 'unsupported_response_type',
    number: 700054,
    becomes: refused,
    says: /./,
    whoCanFix: /./,
  },
  {
    error: 'temporarily_unavailable',
    number: 90033,
    becomes: unreachable,
    says: /./,
    whoCanFix: /no one/,
  },
  { error: 'server_error', number: 90033, becomes: unreachable, says: /./, whoCanFix: /no one/ },
]

const forTheToken: readonly Case[] = [
  {
    error: 'invalid_client',
    number: 7000222,
    becomes: credentials,
    says: /renew the client secret/,
    whoCanFix: operator,
    remedy: /Certificates & secrets.*ENTRADA_ENTRA_CLIENT_SECRET/,
  },
  {
    error: 'invalid_client',
    number: 7000215,
    becomes: credentials,
    says: /check the credential/,
    whoCanFix: operator,
    remedy: /"Value".*not "Secret ID"/,
  },
  {
    error: 'unauthorized_client',
    number: 700016,
    becomes: credentials,
    says: /./,
    whoCanFix: operator,
    remedy: /ENTRADA_ENTRA_/,
  },
  { error: 'invalid_grant', number: 54005, becomes: codeRefused, says: /start/i, whoCanFix: /./ },
  { error: 'invalid_grant', number: 70008, becomes: codeRefused, says: /start/i, whoCanFix: /./ },
  { error: 'invalid_grant', number: 501481, becomes: codeRefused, says: /./, whoCanFix: /./ },
  {
    error: 'interaction_required',
    number: 50076,
    becomes: interaction,
    says: /./,
    whoCanFix: person,
  },
  {
    error: 'invalid_grant',
    suberror: 'consent_required',
    number: 65001,
    becomes: interaction,
    says: /./,
    whoCanFix: /./,
  },
  {
    error: 'invalid_grant',
    suberror: 'bad_token',
    number: 50173,
    becomes: codeRefused,
    says: /./,
    whoCanFix: /./,
  },
  { error: 'invalid_request', number: 9002326, becomes: tokenRefused, says: /./, whoCanFix: /./ },
  {
    error: 'temporarily_unavailable',
    number: 90033,
    becomes: unreachable,
    says: /./,
    whoCanFix: /no one/,
  },
]

function faultOf({ error, number, suberror }: Case, on: RefusalFault['on']): RefusalFault {
  const fault = { error, code: number, text: CANARY, ...(suberror ? { suberror } : {}) }
  return { kind: 'oauth_error', on, status: 400, ...fault }
}

async function assertExplained(rig: Rig, at: AtCallback, expected: Case): Promise<string> {
  const { text } = await assertRefusedForGood(rig, at, expected.becomes)
  const details = detailsOf(text)
  assert.match(sentenceOf(text), expected.says)
  assert.match(details['Who can fix it'] ?? '', expected.whoCanFix)
  assert.match(details['What to do'] ?? '', expected.remedy ?? /\S/)
  assert.match(details["Microsoft's number"] ?? '', new RegExp(`^AADSTS${expected.number} \\S`))
  assert.match(details["Microsoft's trace id"] ?? '', /^[0-9a-f-]{36}$/)
  assert.match(details["Microsoft's correlation id"] ?? '', /^[0-9a-f-]{36}$/)
  await assertOnlyLogged(rig, text)
  return text
}

async function assertOnlyLogged(rig: Rig, page: string): Promise<void> {
  const { items } = await rig.services.storage.listSignInTraces({}, { limit: 200 })
  const stored = JSON.stringify([await auditEvents(rig), items])
  assert.equal(page.includes(CANARY) || stored.includes(CANARY), false)
  assert.equal(rig.logLines.join('').includes(CANARY), true)
}

describe('a refusal that Entra sends back with the browser', () => {
  for (const row of onTheWayBack) {
    it(`says what ${row.error} with AADSTS${row.number} means (A34)`, async (t) => {
      const rig = await openRig(t)
      rig.emulator.setFault(faultOf(row, 'authorize'))
      const at = await goToEntra(rig, people.alice)
      const description = at.callback.searchParams.get('error_description') ?? ''
      const details = detailsOf(await assertExplained(rig, at, row))
      const idOf = (name: string) => new RegExp(`${name}: (\\S+)`).exec(description)?.[1]
      assert.equal(details["Microsoft's trace id"], idOf('Trace ID'))
      assert.equal(details["Microsoft's correlation id"], idOf('Correlation ID'))
      assert.deepEqual(await rowCounts(rig), noRows)
    })
  }

  it('shows a number that it cannot explain, with what the error means in general', async (t) => {
    const rig = await openRig(t)
    const row = { error: 'access_denied', number: 9_999_999, becomes: refused }
    rig.emulator.setFault(faultOf({ ...row, says: /./, whoCanFix: /./ }, 'authorize'))
    const { text } = await assertRefused(rig, await goToEntra(rig, people.alice), refused)
    assert.match(detailsOf(text)["Microsoft's number"] ?? '', /^AADSTS9999999 Access denied/)
  })

  it('is decided by the error, never by the number', async (t) => {
    const rig = await openRig(t)
    const row = { error: 'temporarily_unavailable', number: 50105, becomes: unreachable }
    rig.emulator.setFault(faultOf({ ...row, says: /./, whoCanFix: /./ }, 'authorize'))
    await assertRefused(rig, await goToEntra(rig, people.alice), unreachable)
  })
})

describe('a refusal of the token endpoint', () => {
  for (const row of forTheToken) {
    const suberror = row.suberror ? ` and ${row.suberror}` : ''
    it(`says what ${row.error}${suberror} with AADSTS${row.number} means`, async (t) => {
      const rig = await openRig(t)
      rig.emulator.setFault(faultOf(row, 'token'))
      const at = await goToEntra(rig, people.alice)
      const details = detailsOf(await assertExplained(rig, at, row))
      // Entra was given our correlation id, so that both sides find the same sign-in.
      assert.equal(details["Microsoft's correlation id"], details['Correlation id'])
      assert.deepEqual(await rowCounts(rig), noRows)
      assert.equal((await rig.signIn(people.bob)).response.status, 200)
    })
  }
})

describe('a client secret that no longer works', () => {
  const ways = [
    ['has expired', (rig: Rig) => rig.emulator.expireSecret(CLIENT_ID), 'AADSTS7000222'],
    ['is wrong', (rig: Rig) => rig.emulator.setSecret(CLIENT_ID, 'another'), 'AADSTS7000215'],
  ] as const
  for (const [what, spoil, number] of ways) {
    it(`that ${what} says how to mend it, without its value, and locks no operator out (H27)`, async (t) => {
      const rig = await openRig(t)
      spoil(rig)
      const at = await goToEntra(rig, people.alice)
      const { text } = await assertRefusedForGood(rig, at, credentials)
      assert.match(detailsOf(text)["Microsoft's number"] ?? '', new RegExp(number))
      const events = await auditEvents(rig, { type: 'sign_in.refused' })
      assert.deepEqual(
        new Set(events.map(({ connectionId }) => connectionId)),
        new Set(['default']),
      )
      const line = rig.logLines.find((entry) => entry.includes('client_credentials_refused'))
      assert.match(line ?? '', /"level":"error"/)

      const operators = rig.browser()
      assert.equal((await signInWithToken(operators, SERVER_URL)).status, 303)
      assert.equal((await operators.request(`${SERVER_URL}/admin`)).status, 200)

      rig.emulator.setSecret(CLIENT_ID, CLIENT_SECRET)
      assert.equal((await rig.signIn(people.alice)).response.status, 200)
    })
  }
})

describe('starting again', () => {
  const withHint = '?login_hint=alice%40contoso.example'

  /** What the next sign-in of this browser asks Entra for. */
  async function nextStart(rig: Rig, { browser }: Pick<AtCallback, 'browser'>) {
    const start = await browser.request(`${SERVER_URL}/auth/entra/login${withHint}`)
    const { searchParams } = locationOf(start)
    assert.equal(rig.emulator.origin, locationOf(start).origin)
    return { prompt: searchParams.get('prompt'), hint: searchParams.get('login_hint') }
  }
  const asksWho = { prompt: 'select_account', hint: null }
  const goesStraight = { prompt: null, hint: 'alice@contoso.example' }

  it('passes the hint on and asks nothing at first', async (t) => {
    const rig = await openRig(t)
    assert.deepEqual(await nextStart(rig, { browser: rig.browser() }), goesStraight)
  })

  const refusals = [
    ['a guest was refused', people.grace, undefined, 'guest_not_allowed'],
    ['somebody not assigned was refused', people.alice, 50105, 'authorization_refused'],
    ['somebody cancelled', people.alice, 65004, 'authorization_refused'],
  ] as const
  for (const [when, name, number, code] of refusals) {
    it(`asks who it shall be after ${when}, and drops the hint, until somebody is let in`, async (t) => {
      const rig = await openRig(t)
      if (number !== undefined) {
        const error = 'access_denied'
        rig.emulator.setFault({ kind: 'oauth_error', on: 'authorize', error, code: number })
      }
      const at = await goToEntra(rig, name)
      await assertRefused(rig, at, { code, status: 403 })
      assert.deepEqual(await nextStart(rig, at), asksWho)
      assert.deepEqual(await nextStart(rig, at), asksWho)

      const { browser } = at
      assert.equal((await rig.signIn(people.bob, { browser })).response.status, 200)
      assert.deepEqual(await nextStart(rig, at), goesStraight)
    })
  }

  it('asks who it shall be after a sign-out', async (t) => {
    const rig = await openRig(t)
    const { browser } = await rig.signIn(people.alice)
    assert.deepEqual(await nextStart(rig, { browser }), goesStraight)
    await signOut(browser, SERVER_URL)
    assert.deepEqual(await nextStart(rig, { browser }), asksWho)
  })

  it('goes straight back after a fault that says nothing about the person', async (t) => {
    const rig = await openRig(t)
    rig.emulator.setFault({ kind: 'status', on: 'token', status: 503 })
    const at = await goToEntra(rig, people.alice)
    await assertRefused(rig, at, unreachable)
    assert.deepEqual(await nextStart(rig, at), goesStraight)
  })

  it('is offered by every refusal and never happens by itself', async (t) => {
    const rig = await openRig(t)
    const at = await goToEntra(rig, people.grace)
    const { text, response, locations } = await assertRefused(rig, at, {
      code: 'guest_not_allowed',
      status: 403,
    })
    assert.deepEqual(locations, [])
    assert.equal(response.headers.has('refresh'), false)
    assert.doesNotMatch(text, /http-equiv|<script/i)
    assert.match(text, /class="entra-button" href="\/auth\/entra\/login"/)
  })
})
