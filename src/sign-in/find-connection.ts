/** Finds the connection that a user means, by typed text or by the site that sent the user. It never looks up a person. */

import type { Issuer } from '../identity-provider/provider-kind.ts'
import { kindOf, parseIssuer } from '../identity-provider/provider-kinds.ts'
import { requiredConnectionId } from '../organizations/sso-requirement.ts'
import { parseWorkEmail, type WorkEmail } from '../protocol/domain-name.ts'
import type { Services } from '../services.ts'
import { acceptedTenants } from '../storage/accepted-tenants.ts'
import type { Connection, ConnectionId, Organization } from '../storage/records.ts'

export type FoundConnection =
  | { readonly kind: 'one'; readonly connection: Connection }
  | { readonly kind: 'several'; readonly connections: readonly Connection[] }
  | { readonly kind: 'none' }

/** More choices than a user could select from. */
const MOST_CHOICES = 20
const NONE: FoundConnection = { kind: 'none' }

/** Finds a connection by a work email, an organization's short name, or the complete address that the user received. */
export async function findByText(
  services: Pick<Services, 'now' | 'storage'>,
  text: string,
): Promise<FoundConnection> {
  const email = parseWorkEmail(text)
  return email ? findByEmail(services, email) : findBySlug(services, slugIn(text))
}

/** Finds a connection by exactly the domain that an organization has proven; a domain below it is another one. */
export async function findByEmail(
  services: Pick<Services, 'now' | 'storage'>,
  { domain: name }: WorkEmail,
): Promise<FoundConnection> {
  const found = await findDiscoverable(services, name)
  return found ? connectionsOf(services, found) : NONE
}

/** Finds a connection by its slug, or by that of its organization. Connections that are not on are not found. */
export async function findBySlug(
  services: Pick<Services, 'now' | 'storage'>,
  slug: string,
): Promise<FoundConnection> {
  const { storage } = services
  const connection = await storage.findConnectionBySlug(slug)
  if (connection?.status === 'on') return { kind: 'one', connection }
  const organization = await storage.findOrganizationBySlug(slug)
  return organization ? connectionsOf(services, { organization }) : NONE
}

/**
 * Finds a connection by the directory that sends the user; if several connections accept it, by the domain of the address that it
 * sends.
 *
 * @see OpenID Connect Core §4
 */
export async function findByIssuer(
  services: Pick<Services, 'now' | 'storage'>,
  iss: string,
  loginHint: string | undefined,
): Promise<FoundConnection> {
  const issuer = parseIssuer(iss)
  if (issuer === undefined) return NONE
  const connections = await services.storage.listConnectionsOfTenant(issuer, 2)
  if (connections.length < 2) return foundAmong(connections)
  const email = loginHint === undefined ? undefined : parseWorkEmail(loginHint)
  const hinted = email && (await findDiscoverable(services, email.domain))
  if (hinted === undefined) return { kind: 'several', connections }
  const found = await connectionsOf(services, hinted)
  return foundAmong(allOf(found).filter((connection) => accepts(connection, iss, issuer)))
}

type Meant = { readonly organization: Organization; readonly connectionId?: ConnectionId }

/** An organization may hide itself from the search by email. */
async function findDiscoverable(
  { storage }: Pick<Services, 'storage'>,
  name: string,
): Promise<Meant | undefined> {
  const domain = await storage.findOwnedDomain(name)
  const organization = domain && (await storage.findOrganization(domain.organizationId))
  if (organization === undefined || organization.settings.emailDiscovery === false) return undefined
  return { organization, ...(domain?.connectionId ? { connectionId: domain.connectionId } : {}) }
}

/**
 * Returns the connection that the organization requires; else the named one, if it is on; else all of the organization that are on.
 */
async function connectionsOf(
  { storage, now }: Pick<Services, 'now' | 'storage'>,
  { organization, connectionId }: Meant,
): Promise<FoundConnection> {
  const required = requiredConnectionId(organization, now())
  const id = required ?? connectionId
  const named = id === undefined ? undefined : await storage.findConnection(id)
  if (named?.status === 'on') return { kind: 'one', connection: named }
  if (required !== undefined) return NONE
  const filter = { organizationId: organization.id, status: 'on' } as const
  return foundAmong((await storage.listConnections(filter, { limit: MOST_CHOICES })).items)
}

function foundAmong(connections: readonly Connection[]): FoundConnection {
  const [connection, another] = connections
  if (connection === undefined) return NONE
  return another === undefined ? { kind: 'one', connection } : { kind: 'several', connections }
}

function accepts(connection: Connection, iss: string, { tenantId }: Issuer): boolean {
  const isAccepted = acceptedTenants(connection.tenants).includes(tenantId)
  return isAccepted && kindOf(connection).isIssuerOf(connection, iss)
}

function allOf(found: FoundConnection): readonly Connection[] {
  if (found.kind === 'none') return []
  return found.kind === 'one' ? [found.connection] : found.connections
}

/** Returns the last part of a text that may be a complete address. */
function slugIn(text: string): string {
  const [slug = ''] =
    /[A-Za-z0-9_-]{1,64}$/.exec(
      text
        .trim()
        .replace(/[?#].*$/, '')
        .replace(/\/$/, ''),
    ) ?? []
  return slug
}
