import { type ConnectionStart, redirectUri, startOf } from '../connections/connection-addresses.ts'
import { EntradaError } from '../errors/errors.ts'
import type { Exchange } from '../http/exchange.ts'
import { single } from '../http/form.ts'
import { kindOf } from '../identity-provider/provider-kinds.ts'
import { requiredConnectionId } from '../organizations/sso-requirement.ts'
import type { Services } from '../services.ts'
import type { Connection, ConnectionId, Organization } from '../storage/records.ts'
import type { SignInStart } from '../storage/sign-in-state.ts'
import type { StorageReader } from '../storage/storage.ts'

/** Returns the default connection with its organization. @throws {EntradaError} `entra_not_configured`, `connection_not_found` */
export async function getDefaultStart(
  services: Pick<Services, 'deployment' | 'storage'>,
): Promise<SignInStart> {
  const { defaultConnectionId } = services.deployment
  if (defaultConnectionId === undefined) throw new EntradaError('entra_not_configured')
  const start = await services.storage.findStart(defaultConnectionId)
  if (start === undefined) throw new EntradaError('connection_not_found')
  return start
}

/** Returns the connection with this id. @throws {EntradaError} `connection_not_found` */
export async function getConnection(
  services: Pick<Services, 'storage'>,
  id: string,
): Promise<Connection> {
  const connection = await services.storage.findConnection(id)
  if (connection === undefined) throw new EntradaError('connection_not_found')
  return connection
}

/** Returns the connection that the organization requires, if it is another one. */
export async function findRequiredElsewhere(
  reader: Pick<StorageReader, 'findConnection'>,
  {
    id,
    organization,
  }: { readonly id: ConnectionId; readonly organization: Organization | undefined },
  now: Date,
): Promise<ConnectionStart | undefined> {
  const requiredId = requiredConnectionId(organization, now)
  if (requiredId === undefined || requiredId === id) return undefined
  const required = await reader.findConnection(requiredId)
  return startOf(required ?? { id: requiredId, slug: requiredId, managedBy: 'api' })
}

/** Checks that the organization requires no other connection. @throws {EntradaError} `sso_required`, with where to go */
export async function checkNoOtherRequired(
  { storage, now }: Pick<Services, 'now' | 'storage'>,
  connection: Connection,
  known?: Organization,
): Promise<void> {
  const organization = known ?? (await storage.findOrganization(connection.organizationId))
  const startAt = await findRequiredElsewhere(storage, { id: connection.id, organization }, now())
  if (startAt !== undefined) throw new EntradaError('sso_required', { startAt })
}

/** Checks that the connection is on. @throws {EntradaError} `connection_off` */
export function checkConnectionOn({ status }: Connection): void {
  if (status !== 'on') throw new EntradaError('connection_off', { status })
}

/**
 * Checks that a callback arrived at the redirect URI of the attempt's own connection, and from its issuer if the answer names one,
 * before any code is sent anywhere.
 *
 * @throws {EntradaError} `sign_in_attempt_mismatch`, `request_invalid`
 * @see RFC 9700 §4.4.2; RFC 9207 §2.4
 */
export function checkCallbackAddress(
  services: Pick<Services, 'deployment'>,
  { here, url }: Pick<Exchange, 'here' | 'url'>,
  connection: Connection,
): void {
  const expected = new URL(redirectUri(services, here, connection))
  const named = single(url.searchParams, 'connection')
  const expectedName = expected.searchParams.get('connection') ?? undefined
  if (url.pathname !== expected.pathname || named !== expectedName) {
    throw new EntradaError('sign_in_attempt_mismatch', { connection: connection.id })
  }
  const issuer = single(url.searchParams, 'iss')
  if (issuer !== undefined && !kindOf(connection).isIssuerOf(connection, issuer)) {
    throw new EntradaError('sign_in_attempt_mismatch', { connection: connection.id, member: 'iss' })
  }
}
