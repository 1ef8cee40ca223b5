import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { storedTokenHash } from '../src/session/session.ts'
import type { TestBrowser } from './support/browser.ts'
import { people, type Rig, SERVER_URL } from './support/rig.ts'
import {
  codeOf,
  HTTPS_URL,
  liveSessions,
  openHttpsRig,
  openRig,
  sessionCookieOf,
} from './support/steps.ts'

/** Every `Set-Cookie` line of a whole sign-in on one address. */
async function cookieLinesOfSignIn(rig: Rig, origin: string): Promise<readonly string[]> {
  const browser = rig.browser()
  rig.emulator.signInAutomaticallyAs(people.alice)
  const start = await browser.request(`${origin}/auth/entra/login`)
  const atEntra = await browser.request(start.headers.get('location') ?? '')
  const back = await browser.request(atEntra.headers.get('location') ?? '')
  assert.equal(back.status, 303)
  return [start, back].flatMap(({ headers }) => headers.getSetCookie())
}

describe('cookies of a sign-in', () => {
  it('belong to exactly one https host, and no script reads them (C04)', async (t) => {
    const rig = await openHttpsRig(t)
    const lines = await cookieLinesOfSignIn(rig, HTTPS_URL)
    assert.equal(lines.length, 3, 'the attempt, its removal, the session')
    for (const line of lines) {
      const [pair = '', ...attributes] = line.split('; ')
      assert.match(pair, /^__Host-entrada-(session|attempt-[0-9a-f]{32})=/)
      assert.deepEqual(attributes.filter((attribute) => !attribute.startsWith('Max-Age=')).sort(), [
        'HttpOnly',
        'Path=/',
        'SameSite=Lax',
        'Secure',
      ])
    }
  })

  it('have other names on http localhost, where a browser refuses `__Host-` (C04)', async (t) => {
    const rig = await openRig(t)
    for (const line of await cookieLinesOfSignIn(rig, SERVER_URL)) {
      assert.match(line, /^entrada-(session|attempt-[0-9a-f]{32})=/)
      assert.match(line, /; Path=\/; Max-Age=\d+; HttpOnly; SameSite=Lax$/)
    }
  })

  it('last as long as what they stand for: the session a day, an attempt an hour', async (t) => {
    const rig = await openHttpsRig(t)
    const lines = await cookieLinesOfSignIn(rig, HTTPS_URL)
    const lifetimes = lines.map((line) => /Max-Age=(\d+)/.exec(line)?.[1])
    assert.deepEqual(lifetimes, ['3600', '86400', '0'])
  })

  it('hold nothing about the person that anybody could read', async (t) => {
    const rig = await openHttpsRig(t)
    const lines = await cookieLinesOfSignIn(rig, HTTPS_URL)
    const decoded = lines.map((line) => {
      const parts = line.split(/[=;.]/)
      return line + parts.map((part) => Buffer.from(part, 'base64url').toString('latin1')).join()
    })
    const readable = /alice|contoso|example\.com|Engineering|1a000000|aaaaaaaa|Admin|eyJ|callback/i
    for (const text of decoded) assert.doesNotMatch(text, readable)
  })
})

const malformedCookies: Readonly<Record<string, string>> = {
  'a percent sign that starts nothing': 'entrada-session=%E0%A4%A',
  'a value of 8 KB': `entrada-session=${'x'.repeat(8192)}`,
  'the name of a prototype': '__proto__=1; constructor=2; entrada-session=__proto__',
  'an empty name': '=value; ; ==; entrada-session',
  'bytes outside ASCII': 'entrada-session=\u00e9\u00ff; \u00e9=1',
  'a chunk count out of this world': 'entrada-session.0=a; entrada-session.99999999=b',
  'ten thousand names': Array.from({ length: 10_000 }, (_, at) => `c${at}=1`).join('; '),
}

describe('a cookie that makes no sense', () => {
  for (const [what, cookie] of Object.entries(malformedCookies)) {
    it(`counts as none: ${what} (C12)`, async (t) => {
      const rig = await openRig(t)
      const statuses: number[] = []
      for (const path of ['/', '/login', '/account', '/api/v1/session', '/auth/entra/login']) {
        const request = new Request(SERVER_URL + path, { headers: { cookie } })
        statuses.push((await rig.entrada.fetch(request)).status)
      }
      assert.deepEqual(statuses, [303, 200, 401, 401, 303])
    })
  }

  it('does not make an answer from Entra anybody else’s (C12)', async (t) => {
    const rig = await openRig(t)
    const id = '0'.repeat(32)
    const request = new Request(`${SERVER_URL}/auth/entra/callback?code=c&state=${id}.secret`, {
      headers: { cookie: `entrada-attempt-${id}=%E0%A4%A` },
    })
    const response = await rig.entrada.fetch(request)
    assert.equal(response.status, 400)
    assert.equal(await codeOf(response), 'sign_in_attempt_not_yours')
  })
})

describe('forty tabs in one browser', () => {
  it('all start, the newest finish in any order, and cookies stay under 8 KB (C08)', async (t) => {
    const rig = await openHttpsRig(t)
    const browser = rig.browser()
    rig.emulator.signInAutomaticallyAs(people.alice)
    const tabs: { readonly number: number; readonly callback: string }[] = []
    for (let number = 0; number < 40; number += 1) {
      rig.clock.advanceSeconds(1)
      const returnTo = `/${number}/${'long'.repeat(200)}`
      const start = await browser.request(`${HTTPS_URL}/auth/entra/login?return_to=${returnTo}`)
      const atEntra = await browser.request(start.headers.get('location') ?? '')
      tabs.push({ number, callback: atEntra.headers.get('location') ?? '' })
      assert.ok(cookieHeaderBytes(browser) < 8192, `tab ${number}`)
    }

    const finished = new Set<number>()
    for (const { number, callback } of inSomeOrder(tabs)) {
      const response = await browser.request(callback)
      if (response.status === 303) finished.add(number)
      else await assertStartAgain(response)
      assert.ok(cookieHeaderBytes(browser) < 8192)
    }
    const oldest = Math.min(...finished)
    assert.ok(finished.size >= 4, `${finished.size} tabs finished`)
    assert.deepEqual(
      [...finished].sort((a, b) => a - b),
      Array.from({ length: 40 - oldest }, (_, at) => oldest + at),
      'the newest ones',
    )
    assert.equal((await liveSessions(rig)).length, 1, 'one session per browser')
  })

  it('keeps eight when their addresses are short (C08)', async (t) => {
    const rig = await openHttpsRig(t)
    const browser = rig.browser()
    for (let number = 0; number < 40; number += 1) {
      rig.clock.advanceSeconds(1)
      await browser.request(`${HTTPS_URL}/auth/entra/login`)
    }
    assert.equal(browser.cookies('sso.example.com').size, 8)
  })
})

function cookieHeaderBytes(browser: TestBrowser): number {
  const cookies = browser.cookies('sso.example.com')
  return [...cookies].map(([name, value]) => `${name}=${value}`).join('; ').length
}

/** Shuffled, and the same each time: 40 and 17 have no common divisor. */
function inSomeOrder<T>(items: readonly T[]): T[] {
  return items.flatMap((_, at) => items[(at * 17) % items.length] ?? [])
}

async function assertStartAgain(response: Response): Promise<void> {
  assert.equal(response.status, 400)
  const text = await response.text()
  assert.match(text, /sign_in_attempt_not_yours/)
  assert.match(text, /You are signed in all the same|class="entra-button"/)
}

describe('the session cookie', () => {
  it('is new after a sign-in, whatever the browser brought along (C02)', async (t) => {
    const rig = await openHttpsRig(t)
    const chosen = 'A'.repeat(43)
    const browser = rig.browser()
    browser.setCookie('sso.example.com', '__Host-entrada-session', chosen)
    await rig.signIn(people.alice, { browser })
    const [, first] = sessionCookieOf(browser, HTTPS_URL)
    assert.match(first, /^[A-Za-z0-9_-]{43}$/)
    assert.notEqual(first, chosen)

    await rig.signIn(people.alice, { browser })
    const [, second] = sessionCookieOf(browser, HTTPS_URL)
    assert.notEqual(second, first)
    for (const dead of [chosen, first]) {
      const attacker = rig.browser()
      attacker.setCookie('sso.example.com', '__Host-entrada-session', dead)
      assert.equal((await attacker.request(`${HTTPS_URL}/api/v1/session`)).status, 401)
    }
  })

  it('cannot be made from what is in the database (C03)', async (t) => {
    const folder = await temporaryFolder(t)
    const database = join(folder, 'entrada.db')
    const rig = await openHttpsRig(t, { database })
    const { browser } = await rig.signIn(people.alice)
    const [, sessionToken] = sessionCookieOf(browser, HTTPS_URL)

    const stored = await storedBytes(database)
    assert.ok(
      stored.includes(storedTokenHash(rig.services, new URL(SERVER_URL), sessionToken)),
      'the hash is there',
    )
    assert.ok(!stored.includes(sessionToken), 'the token is not')
    const bytes = Buffer.from(sessionToken, 'base64url')
    assert.ok(!stored.includes(bytes) && !stored.includes(bytes.toString('hex')))
    assert.ok(!stored.includes('eyJ'), 'no token of Entra either')
  })
})

async function temporaryFolder(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'entrada-test-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  return folder
}

/** The file with what is still in its log. */
async function storedBytes(database: string): Promise<Buffer> {
  return Buffer.concat([await readFile(database), await readFile(`${database}-wal`)])
}

const malformedAuthorizations: readonly string[] = [
  'Bearer %',
  'Basic !!!',
  `Bearer ${'x'.repeat(65_536)}`,
  'Bearer',
  'Bearer a b',
  'Negotiate',
]

describe('a malformed Authorization header', () => {
  for (const authorization of malformedAuthorizations) {
    it(`is refused: ${authorization.slice(0, 20)} (C13)`, async (t) => {
      const rig = await openRig(t)
      const request = new Request(`${SERVER_URL}/api/v1/users`, { headers: { authorization } })
      const response = await rig.entrada.fetch(request)
      assert.equal(response.status, 401)
      assert.match(response.headers.get('www-authenticate') ?? '', /^Bearer/)
      assert.equal(await codeOf(response), 'operator_token_invalid')
    })
  }
})
