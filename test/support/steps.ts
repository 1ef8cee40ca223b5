/** Steps that many tests take: open a rig that closes itself, send a form, look into the database. */
import type { TestContext } from 'node:test'
import type { Services } from '../../src/services.ts'
import type { AuditEventRecord, Session } from '../../src/storage/records.ts'
import type { AuditFilter } from '../../src/storage/storage.ts'
import type { TestBrowser } from './browser.ts'
import { CLIENT_ID, createRig, OPERATOR_TOKEN, type Rig, type RigOptions } from './rig.ts'

export const HTTPS_URL = 'https://sso.example.com'
export const SECOND_URL = 'https://second.example.com'

export async function openRig(t: TestContext, options: RigOptions = {}): Promise<Rig> {
  const rig = await createRig(options)
  t.after(() => rig.close())
  const { publicUrls } = rig.services.deployment
  for (const url of publicUrls) {
    rig.emulator.addRedirectUri(CLIENT_ID, `${url.origin}/auth/entra/callback`)
  }
  return rig
}

/** A rig as people meet it in production: https, and two addresses. */
export function openHttpsRig(t: TestContext, options: RigOptions = {}): Promise<Rig> {
  return openRig(t, {
    serverUrl: new URL(HTTPS_URL),
    extraUrls: [new URL(SECOND_URL)],
    ...options,
  })
}

/** The token that a page's form carries. */
export function formTokenOf(pageText: string): string {
  return /name="form_token" value="([^"]+)"/.exec(pageText)?.[1] ?? ''
}

export type FormOptions = {
  readonly fields?: Readonly<Record<string, string>>
  readonly headers?: Readonly<Record<string, string>>
}

/** Sends a form as a browser does from our own page, unless `headers` say otherwise. */
export function postForm(
  browser: TestBrowser,
  url: string,
  { fields = {}, headers = {} }: FormOptions = {},
): Promise<Response> {
  return browser.request(url, { method: 'POST', body: new URLSearchParams(fields), headers })
}

/** Presses the sign-out button of the home page. */
export async function signOut(
  browser: TestBrowser,
  origin: string,
  end: 'default' | 'microsoft' = 'default',
): Promise<Response> {
  const home = await browser.request(`${origin}/`)
  const fields = { form_token: formTokenOf(await home.text()), end }
  return postForm(browser, `${origin}/auth/logout`, { fields })
}

export function signInWithToken(
  browser: TestBrowser,
  origin: string,
  operatorToken = OPERATOR_TOKEN,
): Promise<Response> {
  return postForm(browser, `${origin}/login/token`, { fields: { operator_token: operatorToken } })
}

/** The session cookie that a browser holds on this address: name and value. */
export function sessionCookieOf(browser: TestBrowser, origin: string): readonly [string, string] {
  const cookies = [...browser.cookies(new URL(origin).host)]
  return cookies.find(([name]) => name.endsWith('entrada-session')) ?? ['', '']
}

export const asOperator = { authorization: `Bearer ${OPERATOR_TOKEN}` }

export async function auditEvents(
  { services }: { readonly services: Pick<Services, 'storage'> },
  filter: AuditFilter = {},
): Promise<readonly AuditEventRecord[]> {
  return (await services.storage.listAuditEvents(filter, { limit: 200 })).items
}

export async function liveSessions({ services }: Rig): Promise<readonly Session[]> {
  return (await services.storage.listSessions({}, { limit: 200 }, services.now())).items
}

/** The codes of the last checks that failed without an answer about the person, one for each live session. */
export async function recheckFailures(rig: Rig): Promise<readonly string[]> {
  const sessions = await liveSessions(rig)
  const grants = await Promise.all(
    sessions.map(({ id }) => rig.services.storage.findSessionGrant(id)),
  )
  return grants.flatMap((grant) => grant?.lastFailure ?? [])
}

/** The code of a problem+json answer, or of an error page. */
export async function codeOf(response: Response): Promise<string | undefined> {
  const text = await response.text()
  if (response.headers.get('content-type') === 'application/problem+json') {
    const { code }: { code?: string } = JSON.parse(text)
    return code
  }
  return /<dt>Code<\/dt><dd><code>(\w+)<\/code>/.exec(text)?.[1]
}
