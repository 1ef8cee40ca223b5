/** A sign-in cut in two at the callback, and what must be true after one that was refused. */
import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import type { TestBrowser, Visit } from './browser.ts'
import { type CustomerOptions, createCustomer, loginAddress } from './customers.ts'
import { CLIENT_SECRET, OPERATOR_TOKEN, type Rig, requestsAt, SERVER_URL } from './rig.ts'
import { auditEvents, liveSessions, openRig, sessionCookieOf } from './steps.ts'

/** A rig whose sign-ins begin with a connection that takes people of several tenants, in the organization `default`. */
export async function openRigForTenants(
  t: TestContext,
  tenantIds: readonly string[],
  { policies, roleRules }: Pick<CustomerOptions, 'policies' | 'roleRules'> = {},
): Promise<Rig> {
  const rig = await openRig(t)
  const organization = await rig.services.storage.findOrganization('default')
  assert(organization !== undefined)
  const { connection, signIn } = await createCustomer(rig, {
    organization,
    tenants: { kind: 'allow_list', tenantIds },
    ...(policies ? { policies } : {}),
    ...(roleRules ? { roleRules } : {}),
  })
  return { ...rig, startAt: loginAddress(connection), signIn }
}

export type AtCallback = { readonly browser: TestBrowser; readonly callback: URL }

/** Goes to Entra, signs in there, and returns the callback without sending it. */
export async function goToEntra(
  rig: Rig,
  userPrincipalName: string,
  { browser = rig.browser(), query = '' }: { browser?: TestBrowser; query?: string } = {},
): Promise<AtCallback> {
  rig.emulator.signInAutomaticallyAs(userPrincipalName)
  const start = await browser.request(rig.startAt + query)
  const answer = await browser.request(locationOf(start))
  return { browser, callback: locationOf(answer) }
}

/** Where a redirect leads. */
export function locationOf(response: Response): URL {
  assert.equal(Math.floor(response.status / 100), 3, `no redirect: ${response.status}`)
  return new URL(response.headers.get('location') ?? '', SERVER_URL)
}

/** Users, identities, memberships and live sessions in the database. */
export async function rowCounts(rig: Rig) {
  const { items } = await rig.services.storage.listUsers({ limit: 200 })
  return {
    users: items.length,
    identities: items.flatMap(({ identities }) => identities).length,
    memberships: items.flatMap(({ memberships }) => memberships).length,
    sessions: (await liveSessions(rig)).length,
  }
}

export const noRows = { users: 0, identities: 0, memberships: 0, sessions: 0 }
export const oneOfEach = { users: 1, identities: 1, memberships: 1, sessions: 1 }

export function hasSessionCookie(browser: TestBrowser): boolean {
  return sessionCookieOf(browser, SERVER_URL)[1] !== ''
}

/** Returns the part "For your administrator" of an error page, by the name of each line. */
export function detailsOf(page: string): Readonly<Record<string, string>> {
  const lines = page.matchAll(/<dt>(.*?)<\/dt><dd>(.*?)<\/dd>/gs)
  const plain = (markup = '') => unescapeHtml(markup.replaceAll(/<[^>]+>/g, '')).trim()
  return Object.fromEntries([...lines].map(([, name, value]) => [plain(name), plain(value)]))
}

/** The sentence for the person. */
export function sentenceOf(page: string): string {
  return unescapeHtml(/<p class="sentence">(.*?)<\/p>/s.exec(page)?.[1] ?? '')
}

function unescapeHtml(text: string): string {
  return text
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&#39;', "'")
    .replaceAll('&quot;', '"')
    .replaceAll('&amp;', '&')
}

export type ExpectedRefusal = { readonly code: string; readonly status: number }

/** Answers a callback and checks that it is refused: with this code, and without a trace of what must stay secret. */
export async function assertRefused(
  rig: Rig,
  { browser, callback }: AtCallback,
  expected: ExpectedRefusal,
): Promise<Visit> {
  const visit = await browser.visit(callback)
  assertRefusalPage(visit, expected)
  assert.equal(hasSessionCookie(browser), false)
  assertNoSecrets(rig, visit.text)
  return visit
}

/** A page with the refusal's own status, its code and a correlation id, and a sentence for the person. */
export function assertRefusalPage(
  { response, text }: Pick<Visit, 'response' | 'text'>,
  { code, status }: ExpectedRefusal,
): void {
  const details = detailsOf(text)
  assert.deepEqual({ status: response.status, code: details.Code }, { status, code })
  assert.match(details['Correlation id'] ?? '', /^[0-9a-f-]{36}$/)
  assert.match(sentenceOf(text), /\.$/)
}

/** {@link assertRefused}, with everything that a refused attempt must and must not leave behind. */
export async function assertRefusedForGood(
  rig: Rig,
  at: AtCallback,
  expected: ExpectedRefusal,
): Promise<Visit> {
  const again = { ...at, browser: at.browser.clone() }
  const before = new Set((await auditEvents(rig)).map(({ id }) => id))
  const rows = await rowCounts(rig)
  const visit = await assertRefused(rig, at, expected)

  assert.deepEqual(await rowCounts(rig), rows)
  const events = (await auditEvents(rig)).filter(({ id }) => !before.has(id))
  assert.deepEqual(
    events.map(({ type, detail, correlationId }) => ({ type, code: detail.code, correlationId })),
    [
      {
        type: 'sign_in.refused',
        code: expected.code,
        correlationId: detailsOf(visit.text)['Correlation id'],
      },
    ],
  )
  await assertSpent(rig, again)
  assert.deepEqual(await rowCounts(rig), rows)
  return visit
}

/** The attempt counts no second time, and its code is not sent again. */
export async function assertSpent(rig: Rig, at: AtCallback): Promise<void> {
  const tokenRequests = requestsAt(rig, 'token')
  const visit = await at.browser.visit(at.callback)
  assertRefusalPage(visit, { code: 'attempt_already_used', status: 400 })
  assert.equal(requestsAt(rig, 'token'), tokenRequests)
}

/** No code, token, verifier or secret of this run in a text that people read, nor in the log. */
export function assertNoSecrets(rig: Rig, page: string): void {
  const sent = rig.emulator.requests.filter(({ endpoint }) => endpoint === 'token')
  const secrets = [
    CLIENT_SECRET,
    OPERATOR_TOKEN,
    ...sent.flatMap(({ params }) => [params.code, params.code_verifier, params.client_secret]),
  ].filter((secret) => secret !== undefined && secret.length > 8)
  const log = rig.logLines.join('\n')
  for (const secret of secrets) {
    assert.equal(page.includes(String(secret)), false, 'a secret is on the page')
    assert.equal(log.includes(String(secret)), false, 'a secret is in the log')
  }
  const token = /eyJ[\w-]{8,}|emulator-(access|refresh)\./
  assert.doesNotMatch(page, token)
  assert.doesNotMatch(log, token)
}
