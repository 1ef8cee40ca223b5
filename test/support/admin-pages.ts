/** Steps of a user with a browser on the pages under /admin. */
import type { OrganizationRole } from '../../src/storage/organization-roles.ts'
import type { TestBrowser, Visit } from './browser.ts'
import { type Customer, createCustomer } from './customers.ts'
import { people, type Rig, SERVER_URL } from './rig.ts'
import { formTokenOf, signInWithToken } from './steps.ts'

export async function openOperator(rig: Rig): Promise<TestBrowser> {
  const browser = rig.browser()
  await signInWithToken(browser, SERVER_URL)
  return browser
}

/** A customer, and one of its users with this right over the organization. */
export async function openMember(
  rig: Rig,
  right: OrganizationRole,
): Promise<{ readonly customer: Customer; readonly browser: TestBrowser }> {
  const customer = await createCustomer(rig, {
    name: 'Tailspin Toys',
  })
  const { browser } = await customer.signIn(people.alice)
  const { storage } = rig.services
  const { items } = await storage.listUsers({ limit: 1, organizationId: customer.organization.id })
  const membership = items[0]?.memberships.find(
    ({ organizationId }) => organizationId === customer.organization.id,
  )
  if (membership === undefined) throw new Error('the member of the customer did not sign in')
  await storage.atomically((transaction) => transaction.giveRole(membership.id, right))
  return { customer, browser }
}

/** The form on a page that goes to this address, with all that it would send as it is. */
export function formOf(text: string, action: string): URLSearchParams {
  const forms = text.matchAll(/<form[^>]*action="([^"]+)"[^>]*>([\s\S]*?)<\/form>/g)
  const found = [...forms].find(([, address]) => address === action)
  if (found === undefined) throw new Error(`no form for ${action}`)
  const fields = new URLSearchParams()
  const inside = found[2] ?? ''
  for (const [tag] of inside.matchAll(/<input[^>]*>|<select[\s\S]*?<\/select>/g)) {
    const name = /name="([^"]+)"/.exec(tag)?.[1]
    const chosen = /value="([^"]*)"\s+selected/.exec(tag)?.[1]
    const first = /value="([^"]*)"/.exec(tag)?.[1]
    const value = tag.startsWith('<select') ? (chosen ?? first) : first
    if (name !== undefined) fields.append(name, unescaped(value ?? ''))
  }
  return fields
}

function unescaped(text: string): string {
  return text
    .replaceAll('&quot;', '"')
    .replaceAll('&#39;', "'")
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&amp;', '&')
}

/** Opens a page, fills a form of it in and sends it; answers where that ended. */
export async function fillIn(
  browser: TestBrowser,
  {
    page,
    action = page,
    fields,
  }: {
    readonly page: string
    readonly action?: string
    readonly fields: Readonly<Record<string, string>>
  },
): Promise<Visit> {
  const { text } = await browser.visit(SERVER_URL + page)
  const form = formOf(text, action)
  for (const [name, value] of Object.entries(fields)) form.set(name, value)
  return browser.visit(SERVER_URL + action, { method: 'POST', body: form })
}

/** Sends fields with the token of the session, whether there is a form for it or not. */
export async function send(
  browser: TestBrowser,
  action: string,
  fields: Readonly<Record<string, string>> = {},
): Promise<Visit> {
  const { text } = await browser.visit(`${SERVER_URL}/admin`)
  const body = new URLSearchParams({ form_token: formTokenOf(text), ...fields })
  return browser.visit(SERVER_URL + action, { method: 'POST', body })
}
