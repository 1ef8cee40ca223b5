/** A customer's administrator with a set-up link, in a browser without a screen. */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { createConnection, type NewConnection } from '../../src/connections/change-connection.ts'
import { createOrganization } from '../../src/organizations/organizations.ts'
import { createSetupLink } from '../../src/setup/setup-link.ts'
import type { Connection } from '../../src/storage/records.ts'
import type { TestBrowser, Visit } from './browser.ts'
import { operator, redirectUriOf, registerApplication } from './customers.ts'
import { CONTOSO, ENTRA_URL, type Rig, SERVER_URL } from './rig.ts'

export const SHARED_CLIENT_ID = '44444444-4444-4444-8444-444444444444'
export const SHARED_SECRET = 'development~only.Fabrikam-secret'

export type Invited = {
  readonly connection: Connection
  readonly link: string
  readonly linkId: string
}

/** An organization with a draft and a link to set it up. */
export async function invite(
  { services }: Rig,
  { name = 'Contoso', ...own }: { readonly name?: string } & Partial<NewConnection> = {},
): Promise<Invited> {
  const { id: organizationId } = await createOrganization(services, operator, { name })
  const connection = await createConnection(services, operator, {
    organizationId,
    policies: { unmatched: { kind: 'default_role', role: 'member' } },
    ...own,
  })
  const { address, link } = await createSetupLink(services, operator, connection.id)
  return { connection, link: address, linkId: link.id }
}

/** Opens the link and presses its button. */
export async function openLink(browser: TestBrowser, link: string): Promise<Visit> {
  const token = link.split('/').at(-1) ?? ''
  return browser.visit(`${SERVER_URL}/setup/link`, form({ token }))
}

/** Sends a form of the set-up page with the values that this browser shows. */
export async function submit(
  browser: TestBrowser,
  fields: Readonly<Record<string, string>>,
): Promise<Visit> {
  return browser.visit(`${SERVER_URL}/setup`, form({ ...(await tokenOf(browser)), ...fields }))
}

export async function tokenOf(browser: TestBrowser): Promise<{ readonly form_token: string }> {
  const { text } = await browser.visit(`${SERVER_URL}/setup`)
  const [, token] = /name="form_token" value="([^"]+)"/.exec(text) ?? []
  assert.ok(token, text)
  return { form_token: token }
}

export function form(fields: Readonly<Record<string, string>>): RequestInit {
  return {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams(fields).toString(),
  }
}

export type Registered = { readonly clientId: string; readonly secret: string }

/** What the administrator does in Entra: an application with the redirect URI of the page. */
export function register(rig: Rig, connection: Connection, tenantId = CONTOSO): Registered {
  const secret = `development~only.${randomUUID()}`
  const clientId = registerApplication(rig, { name: connection.name, tenantId, secret })
  rig.emulator.addRedirectUri(clientId, redirectUriOf(connection))
  return { clientId, secret }
}

/** Client id, directory and secret entered. */
export async function fillIn(
  browser: TestBrowser,
  { clientId, secret }: Registered,
  directory = 'contoso.example',
): Promise<void> {
  const application = { do: 'application', client_id: clientId, directory, cloud: ENTRA_URL }
  assert.equal((await submit(browser, application)).response.status, 200)
  const proof = { do: 'secret', client_secret: secret, expires_at: '2028-01-31' }
  assert.equal((await submit(browser, proof)).response.status, 200)
}

/** A test sign-in by this person; answers the page that it ends on. */
export async function test(
  rig: Rig,
  browser: TestBrowser,
  userPrincipalName: string,
  action = 'test',
): Promise<Visit> {
  rig.emulator.signInAutomaticallyAs(userPrincipalName)
  return submit(browser, { do: action })
}
