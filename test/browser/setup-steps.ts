/** A customer's administrator in a real browser: what is pressed and typed on the pages of a set-up link. */
import { randomUUID } from 'node:crypto'
import type { Page } from 'playwright-core'
import { createConnection } from '../../src/connections/change-connection.ts'
import { createOrganization } from '../../src/organizations/organizations.ts'
import { createSetupLink } from '../../src/setup/setup-link.ts'
import type { Connection } from '../../src/storage/records.ts'
import { operator } from '../support/customers.ts'
import type { BrowserRig } from './browser-rig.ts'
import { pick, press, see } from './steps.ts'

export type InvitedCustomer = { readonly connection: Connection; readonly link: string }

export async function inviteCustomer(
  { services }: BrowserRig,
  name: string,
): Promise<InvitedCustomer> {
  const { id: organizationId } = await createOrganization(services, operator, { name })
  const connection = await createConnection(services, operator, {
    organizationId,
    policies: { unmatched: { kind: 'default_role', role: 'member' } },
  })
  const { address } = await createSetupLink(services, operator, connection.id)
  return { connection, link: address }
}

export async function openSetup(page: Page, { link }: InvitedCustomer): Promise<void> {
  await page.goto(link)
  await press(page, 'Begin')
  await see(page, /^Connect .+ to Microsoft Entra ID$/)
}

/** What the administrator does in Entra, with the values that the page shows. */
export async function registerAsShown(
  { emulator }: BrowserRig,
  page: Page,
  tenantId: string,
): Promise<{ readonly clientId: string; readonly secret: string }> {
  const shown = (label: string) => page.getByLabel(label, { exact: true }).inputValue()
  const secret = `development~only.${randomUUID()}`
  const clientId = emulator.addApplication({
    clientId: randomUUID(),
    displayName: 'Entrada',
    homeTenantId: tenantId,
    audience: 'single_tenant',
    secrets: [{ value: secret }],
    redirectUris: [await shown('Redirect URI')],
    logoutUrl: await shown('Front-channel logout URL'),
    optionalClaims: ['email', 'xms_edov', 'acct', 'sid', 'login_hint'],
    groupMembershipClaims: 'SecurityGroup',
    delegatedPermissions: ['User.Read'],
  })
  return { clientId, secret }
}

export async function enterApplication(
  page: Page,
  clientId: string,
  directory: string,
): Promise<void> {
  await page.getByLabel('Application (client) ID').fill(clientId)
  await page.getByLabel('Directory (tenant) ID, or a domain').fill(directory)
  await press(page, 'Save')
  await page.getByText('Found:').waitFor()
}

export async function enterSecret(page: Page, secret: string): Promise<void> {
  await page.getByLabel('Client secret (Value)').fill(secret)
  await page.getByLabel('The day it ends').fill('2029-01-31')
  await press(page, 'Save the secret')
  await page.getByText('Kept here:').waitFor()
}

export async function testAs(page: Page, userPrincipalName: string): Promise<void> {
  await press(page, 'Test sign-in')
  await pick(page, userPrincipalName)
}
