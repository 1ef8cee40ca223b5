/**
 * Required single sign-on: members of an organization sign in through one connection and no other.
 *
 *   previewSso → who would lose access, and what is missing; changes nothing
 *   requireSso → after an administrator of the organization has signed in through that connection as it is now
 *   bypassSso  → a way around it: for a named reason, for some hours, ends by itself
 */

import type { AdminCaller } from '../access/admin-caller.ts'
import { type AuditServices, audit, type ChangeServices } from '../audit/audit.ts'
import type { AuditEvent } from '../audit/audit-events.ts'
import { changeAtomically } from '../audit/change-atomically.ts'
import { directoryFingerprint } from '../connections/directory-fingerprint.ts'
import { EntradaError } from '../errors/errors.ts'
import { kindOf, spaceOf } from '../identity-provider/provider-kinds.ts'
import type { Services } from '../services.ts'
import type { AdministratorUse, MemberWithoutUse } from '../storage/connection-uses.ts'
import type { Connection, Identity, Organization, OrganizationId } from '../storage/records.ts'
import type { Page, PageRequest, StorageReader, StorageTransaction } from '../storage/storage.ts'
import { getOrganization } from './organizations.ts'

export const MOST_BYPASS_HOURS = 72
const MOST_REASON_LENGTH = 500

export type SsoPreview = {
  readonly organization: Organization
  readonly connection: Connection
  /** What prevents it from being switched on. */
  readonly missing: readonly ('connection_off' | 'administrator_sign_in')[]
  readonly administrator?: AdministratorUse
  readonly losing: number
  readonly losers: Page<LosingMember>
  /** Live sessions that would end at once. */
  readonly sessionsThatEnd: number
}

/** `other_directory` means that none of the member's identities belongs to a directory that the connection accepts. */
export type LosingMember = MemberWithoutUse & {
  readonly why: 'other_directory' | 'never_signed_in'
}

type SsoInput = { readonly organizationId: string; readonly connectionId: string }

/** Returns what requiring single sign-on would change. @throws {EntradaError} `record_not_found` */
export async function previewSso(
  services: Pick<Services, 'now' | 'sha256' | 'storage'>,
  input: SsoInput,
  page: PageRequest,
): Promise<SsoPreview> {
  const { storage, now } = services
  const { organization, connection } = await getBoth(storage, input)
  const through = { organizationId: organization.id, connectionId: connection.id }
  const administrator = await findAdministrator(services, storage, connection)
  const losers = await storage.listMembersWithoutUse(through, page)
  const why = (identities: readonly Identity[]) =>
    identities.some((identity) => isOfDirectory(connection, identity))
      ? 'never_signed_in'
      : 'other_directory'
  return {
    organization,
    connection,
    missing: missingFor(connection, administrator),
    ...(administrator ? { administrator } : {}),
    losing: await storage.countMembersWithoutUse(through),
    losers: {
      ...losers,
      items: losers.items.map((loser) => ({ ...loser, why: why(loser.identities) })),
    },
    sessionsThatEnd: await storage.countSessionsOfOthers(organization.id, connection.id, now()),
  }
}

/**
 * Closes the organization's other connections, and ends the sessions that came through them.
 *
 * @throws {EntradaError} `record_not_found`, `sso_not_proven`
 */
export async function requireSso(
  services: ChangeServices & Pick<Services, 'deployment' | 'sha256'>,
  caller: AdminCaller,
  input: SsoInput,
): Promise<Organization> {
  const requireIt = async (transaction: StorageTransaction) => {
    const { organization, connection } = await getBoth(transaction, input)
    const administrator = await findAdministrator(services, transaction, connection)
    const missing = missingFor(connection, administrator)
    if (missing.length > 0)
      throw new EntradaError('sso_not_proven', { reason: missing[0], missing })
    if (organization.settings.ssoRequired?.connectionId === connection.id) return organization
    const required = { connectionId: connection.id, since: services.now().toISOString() }
    const through = { organizationId: organization.id, connectionId: connection.id }
    const losing = await transaction.countMembersWithoutUse(through)
    const sessionsEnded = await transaction.endSessionsOfOthers(organization.id, connection.id, {
      reason: 'sso_session_ended',
      until: new Date(services.now().getTime() + services.deployment.session.maxSeconds * 1000),
    })
    const detail = { losing, sessionsEnded }
    const event = { type: 'organization.sso_required', detail } as const
    return put(services, transaction, { caller, organization, required, event, connection })
  }
  return changeAtomically(services, caller, requireIt, scopeOf(input.organizationId))
}

/** Opens every connection of the organization again. @throws {EntradaError} `record_not_found` */
export async function liftSso(
  services: ChangeServices,
  caller: AdminCaller,
  organizationId: string,
): Promise<Organization> {
  const lift = async (transaction: StorageTransaction) => {
    const organization = await getOrganization(transaction, organizationId)
    if (organization.settings.ssoRequired === undefined) return organization
    const event = { type: 'organization.sso_lifted', detail: {} } as const
    return put(services, transaction, { caller, organization, required: undefined, event })
  }
  return changeAtomically(services, caller, lift, scopeOf(organizationId))
}

/**
 * Opens the other connections for some hours. Sessions that come through them end with the bypass.
 *
 * @throws {EntradaError} `record_not_found`, `request_invalid`, `sso_not_required`
 */
export async function bypassSso(
  services: ChangeServices,
  caller: AdminCaller,
  input: { readonly organizationId: string; readonly reason: string; readonly hours: number },
): Promise<Organization> {
  const reason = checkReason(input.reason)
  const { hours } = input
  if (!(hours > 0 && hours <= MOST_BYPASS_HOURS)) {
    throw new EntradaError('request_invalid', { parameter: 'hours' })
  }
  const bypass = async (transaction: StorageTransaction) => {
    const organization = await getOrganization(transaction, input.organizationId)
    const { ssoRequired } = organization.settings
    if (ssoRequired === undefined) throw new EntradaError('sso_not_required')
    const since = services.now()
    const until = new Date(since.getTime() + hours * 3_600_000).toISOString()
    const required = { ...ssoRequired, bypass: { reason, since: since.toISOString(), until } }
    const event = { type: 'organization.sso_bypassed', detail: { reason, until } } as const
    return put(services, transaction, { caller, organization, required, event })
  }
  return changeAtomically(services, caller, bypass, scopeOf(input.organizationId))
}

/** Ends a bypass before its time. @throws {EntradaError} `record_not_found` */
export async function endSsoBypass(
  services: ChangeServices,
  caller: AdminCaller,
  organizationId: string,
): Promise<Organization> {
  const end = async (transaction: StorageTransaction) => {
    const organization = await getOrganization(transaction, organizationId)
    const { bypass, ...required } = organization.settings.ssoRequired ?? { bypass: undefined }
    if (bypass === undefined || !('connectionId' in required)) return organization
    const event = { type: 'organization.sso_bypass_ended', detail: {} } as const
    return put(services, transaction, { caller, organization, required, event })
  }
  return changeAtomically(services, caller, end, scopeOf(organizationId))
}

function scopeOf(id: string) {
  return { scope: { organizationId: id as OrganizationId } } // any text: an unknown one locks nothing else
}

async function getBoth(reader: StorageReader, { organizationId, connectionId }: SsoInput) {
  const organization = await getOrganization(reader, organizationId)
  const connection = await reader.findConnection(connectionId)
  if (connection?.organizationId !== organization.id) throw new EntradaError('record_not_found')
  return { organization, connection }
}

async function findAdministrator(
  services: Pick<Services, 'sha256'>,
  reader: StorageReader,
  connection: Connection,
): Promise<AdministratorUse | undefined> {
  return reader.findAdministratorUse({
    organizationId: connection.organizationId,
    connectionId: connection.id,
    fingerprint: directoryFingerprint(services, connection),
  })
}

function missingFor(
  { status }: Connection,
  administrator: AdministratorUse | undefined,
): SsoPreview['missing'] {
  return [
    ...(status === 'on' ? [] : (['connection_off'] as const)),
    ...(administrator ? [] : (['administrator_sign_in'] as const)),
  ]
}

function isOfDirectory(connection: Connection, { key }: Identity): boolean {
  return key.space === spaceOf(connection) && kindOf(connection).acceptsDirectory(connection, key)
}

function checkReason(text: string): string {
  const reason = text.trim()
  if (reason !== '' && [...reason].length <= MOST_REASON_LENGTH) return reason
  throw new EntradaError('request_invalid', { parameter: 'reason' })
}

async function put(
  services: AuditServices,
  transaction: StorageTransaction,
  changed: {
    readonly caller: AdminCaller
    readonly organization: Organization
    readonly required: Organization['settings']['ssoRequired']
    readonly event: AuditEvent
    readonly connection?: Connection
  },
): Promise<Organization> {
  const { caller, organization, required, event, connection } = changed
  const { ssoRequired, ...others } = organization.settings
  const settings = { ...others, ...(required ? { ssoRequired: required } : {}) }
  const after = { ...organization, settings, updatedAt: services.now() }
  await transaction.putOrganization(after)
  const connectionId = connection?.id ?? ssoRequired?.connectionId
  await audit(services, transaction, {
    caller,
    event,
    organizationId: organization.id,
    ...(connectionId ? { connectionId } : {}),
  })
  return after
}
