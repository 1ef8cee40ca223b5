/** Customers of a rig: an organization, an application registered in its own directory, and a connection between them. */
import { randomUUID } from 'node:crypto'
import {
  changeConnection,
  createConnection,
  turnOn,
} from '../../src/connections/change-connection.ts'
import { addClientSecret } from '../../src/connections/credentials.ts'
import { testFingerprint } from '../../src/connections/test-fingerprint.ts'
import type { EmulatorHandles } from '../../src/emulator/handles.ts'
import { Secret } from '../../src/keys/secret.ts'
import { createOrganization } from '../../src/organizations/organizations.ts'
import type { Services } from '../../src/services.ts'
import type { Connection, ConnectionPolicies, Organization } from '../../src/storage/records.ts'
import type { TestBrowser } from './browser.ts'
import { CONTOSO, ENTRA_URL, FABRIKAM, type Rig, SERVER_URL } from './rig.ts'

export const NORTHWIND = '55555555-5555-4555-8555-555555555555'
export const operator = { actor: { kind: 'operator', id: 'operator_token' } } as const

export type Customer = {
  readonly organization: Organization
  readonly connection: Connection
  readonly secret: string
  /** Signs a person in at the customer's own address, with a fresh browser or the given one. */
  signIn(
    userPrincipalName: string,
    options?: { readonly browser?: TestBrowser; readonly query?: string },
  ): Promise<Awaited<ReturnType<TestBrowser['visit']>> & { readonly browser: TestBrowser }>
}

export type CustomerOptions = Partial<
  Pick<Connection, 'id' | 'slug' | 'tenants' | 'roleRules' | 'settings'>
> & {
  readonly name?: string
  /** Its Entra tenant. */
  readonly tenantId?: string
  readonly policies?: Partial<ConnectionPolicies>
  /** Another connection of an organization that is there. */
  readonly organization?: Organization
}

/** A connection that is on, as if its test had succeeded. */
export async function createCustomer(rig: Rig, options: CustomerOptions = {}): Promise<Customer> {
  const site = { ...rig, serverOrigin: SERVER_URL, entraOrigin: ENTRA_URL }
  const connected = await connectCustomer(site, options)
  return {
    ...connected,
    async signIn(userPrincipalName, { browser = rig.browser(), query = '' } = {}) {
      rig.emulator.signInAutomaticallyAs(userPrincipalName)
      const visit = await browser.visit(loginAddress(connected.connection) + query)
      return { ...visit, browser }
    },
  }
}

export type CustomerSite = {
  readonly services: Services
  readonly emulator: EmulatorHandles
  readonly serverOrigin: string
  readonly entraOrigin: string
}

/** The same at whatever addresses the two servers have. */
export async function connectCustomer(
  site: CustomerSite,
  options: CustomerOptions = {},
): Promise<Omit<Customer, 'signIn'>> {
  const { name = 'Contoso', tenantId = CONTOSO, policies, organization, ...own } = options
  const { services, emulator } = site
  const secret = `development~only.${randomUUID()}`
  const owner = organization ?? (await createOrganization(services, operator, { name }))
  const { id: connectionId } = await createConnection(services, operator, {
    organizationId: owner.id,
    authority: new URL(site.entraOrigin),
    clientId: registerApplication(site, { name, tenantId, secret }),
    tenants: { kind: 'pinned', tenant: tenantId, tenantId },
    policies: { unmatched: { kind: 'default_role', role: 'member' }, ...policies },
    ...own,
  })
  const added = { connectionId, secret: { value: new Secret(secret) } }
  const { connection: draft } = await addClientSecret(services, operator, added)
  emulator.addRedirectUri(draft.clientId, redirectUriOf(draft, site.serverOrigin))
  if (draft.tenants.kind === 'allow_list') openToEveryTenant(site, draft)
  return { organization: owner, connection: await turnOnUntested(site, connectionId), secret }
}

/** What a customer's administrator registers in their directory. Answers the client id. */
export function registerApplication(
  { emulator }: Pick<CustomerSite, 'emulator'>,
  {
    name,
    tenantId,
    secret,
  }: { readonly name: string; readonly tenantId: string; readonly secret: string },
): string {
  return emulator.addApplication({
    clientId: randomUUID(),
    displayName: `Entrada for ${name}`,
    homeTenantId: tenantId,
    audience: 'single_tenant',
    secrets: [{ value: secret }],
    optionalClaims: ['email', 'xms_edov', 'acct', 'sid', 'login_hint'],
    groupMembershipClaims: 'SecurityGroup',
    delegatedPermissions: ['User.Read'],
    appRoles: ['Admin', 'Reader'],
  })
}

/** A multi-tenant application, to which every directory has consented: whom it lets in is the connection's to say. */
function openToEveryTenant({ emulator }: CustomerSite, { clientId }: Connection): void {
  emulator.setApplication(clientId, { audience: 'multi_tenant' })
  for (const tenantId of [CONTOSO, FABRIKAM, NORTHWIND]) {
    emulator.grantAdminConsent(clientId, tenantId)
  }
}

export function loginAddress({ slug }: Connection): string {
  return `${SERVER_URL}/enterprise-login/${slug}`
}

export function redirectUriOf({ id }: Connection, serverOrigin = SERVER_URL): string {
  return `${serverOrigin}/login/callback?connection=${id}`
}

export async function turnOnUntested(
  { services }: Pick<CustomerSite, 'services'>,
  id: string,
): Promise<Connection> {
  const change = (before: Connection): Connection => {
    const fingerprint = testFingerprint(services, before)
    const tested = { at: services.now().toISOString(), fingerprint }
    return { ...before, settings: { ...before.settings, tested } }
  }
  await changeConnection(services, operator, { id, change })
  return turnOn(services, operator, id)
}
