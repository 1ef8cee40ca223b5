/** Set-up links, which operators create, list and withdraw. `setup-session.ts` has the browser that uses a link. */

import type { AdminCaller } from '../access/admin-caller.ts'
import { type AuditServices, audit, type ChangeServices } from '../audit/audit.ts'
import { changeAtomically } from '../audit/change-atomically.ts'
import { homeOrigin } from '../connections/connection-addresses.ts'
import { EntradaError } from '../errors/errors.ts'
import { found } from '../errors/found.ts'
import { pathTo } from '../http/exchange.ts'
import { newId } from '../keys/ids.ts'
import type { Services } from '../services.ts'
import type { Connection, SetupLink, SetupLinkId } from '../storage/records.ts'
import type { StorageTransaction, TransactionScope } from '../storage/storage.ts'

const LIFETIME_MS = 3 * 86_400_000
const TOKEN_BYTES = 32
const MOST_LISTED = 100

export type SetupLinkState =
  | 'waiting'
  | 'opened'
  | 'ended'
  | 'turned_on'
  | 'withdrawn'
  | 'replaced'
  | 'finished'

/** `address` contains the token, which is not stored: it is shown only once. */
export type CreatedSetupLink = { readonly link: SetupLink; readonly address: string }
export type ListedSetupLink = { readonly link: SetupLink; readonly state: SetupLinkState }

/**
 * Creates a link to set up a draft, or to renew the credentials of another connection. It replaces an earlier link, because two
 * people with two links would not know of each other.
 *
 * @throws {EntradaError} `record_not_found`, `setup_link_not_possible`
 */
export async function createSetupLink(
  services: ChangeServices & Pick<Services, 'deployment' | 'sha256'>,
  caller: AdminCaller,
  connectionId: string,
): Promise<CreatedSetupLink> {
  const token = Buffer.from(services.randomBytes(TOKEN_BYTES)).toString('base64url')
  const create = async (transaction: StorageTransaction) => {
    const connection = await getSetupConnection(transaction, connectionId)
    await closeOpenLinks(services, transaction, { caller, connection, as: 'replaced' })
    const link = newSetupLink(services, connection, token)
    await transaction.putSetupLink(link)
    const { id, kind, endsAt } = link
    const detail = { link: id, kind, endsAt: endsAt.toISOString() }
    await audit(services, transaction, {
      caller,
      event: { type: 'setup_link.created', detail },
      ...ofConnection(connection),
    })
    const address = homeOrigin(services, connection) + pathTo(services, `/setup/link/${token}`)
    return { link, address }
  }
  return changeAtomically(services, caller, create, { scope: setupLinkScope(connectionId) })
}

/** Changes of the links of one connection run one after another. */
export function setupLinkScope(connectionId: string): TransactionScope {
  return { record: `set-up links of ${connectionId}` }
}

/** Lists the set-up links of a connection, newest first. @throws {EntradaError} `record_not_found` */
export async function listSetupLinks(
  services: Pick<Services, 'now' | 'storage'>,
  connectionId: string,
): Promise<readonly ListedSetupLink[]> {
  const connection = found(await services.storage.findConnection(connectionId))
  const links = await services.storage.listSetupLinks(connectionId, MOST_LISTED)
  return links.map((link) => ({ link, state: setupLinkState(services, link, connection) }))
}

/** Ends a link now, and the set-up page with it. @throws {EntradaError} `record_not_found` */
export async function withdrawSetupLink(
  services: ChangeServices,
  caller: AdminCaller,
  { connectionId, linkId }: { readonly connectionId: string; readonly linkId: string },
): Promise<void> {
  const withdraw = async (transaction: StorageTransaction) => {
    const link = await transaction.findSetupLink(linkId as SetupLinkId) // any text: an unknown one finds nothing
    const connection = await transaction.findConnection(connectionId)
    if (link?.connectionId !== connectionId || connection === undefined) {
      throw new EntradaError('record_not_found')
    }
    if (link.closed !== undefined) return
    await closeSetupLink(services, transaction, { caller, connection, link, as: 'withdrawn' })
  }
  await changeAtomically(services, caller, withdraw, { scope: setupLinkScope(connectionId) })
}

/** Returns why a link can no longer be used, or how far its set-up is. A draft's link ends with the draft. */
export function setupLinkState(
  { now }: Pick<Services, 'now'>,
  { kind, closed, endsAt, openedAt }: SetupLink,
  { status }: Pick<Connection, 'status'>,
): SetupLinkState {
  if (closed !== undefined) return closed.as
  if (kind === 'setup' && status !== 'draft') return 'turned_on'
  if (now() >= endsAt) return 'ended'
  return openedAt === undefined ? 'waiting' : 'opened'
}

/** Returns whether a link in this state can be used. */
export function isOpen(state: SetupLinkState): boolean {
  return state === 'waiting' || state === 'opened'
}

/** Ends a link before its time, and audits it. */
export async function closeSetupLink(
  services: AuditServices,
  transaction: StorageTransaction,
  closing: {
    readonly caller: AdminCaller
    readonly connection: Connection
    readonly link: SetupLink
    readonly as: NonNullable<SetupLink['closed']>['as']
  },
): Promise<void> {
  const { caller, connection, link, as } = closing
  await transaction.putSetupLink({ ...link, closed: { at: services.now(), as } })
  await audit(services, transaction, {
    caller,
    event: { type: 'setup_link.closed', detail: { link: link.id, as } },
    ...ofConnection(connection),
  })
}

async function getSetupConnection(
  transaction: StorageTransaction,
  connectionId: string,
): Promise<Connection> {
  const connection = found(await transaction.findConnection(connectionId))
  if (connection.managedBy !== 'api') throw new EntradaError('setup_link_not_possible')
  return connection
}

async function closeOpenLinks(
  services: AuditServices,
  transaction: StorageTransaction,
  closing: {
    readonly caller: AdminCaller
    readonly connection: Connection
    readonly as: 'replaced'
  },
): Promise<void> {
  const { connection } = closing
  for (const link of await transaction.listSetupLinks(connection.id, MOST_LISTED)) {
    if (!isOpen(setupLinkState(services, link, connection))) continue
    await closeSetupLink(services, transaction, { ...closing, link })
  }
}

function newSetupLink(
  services: Pick<Services, 'now' | 'randomBytes' | 'sha256'>,
  connection: Connection,
  token: string,
): SetupLink {
  const createdAt = services.now()
  return {
    id: newId(services, 'sul'),
    connectionId: connection.id,
    kind: connection.status === 'draft' ? 'setup' : 'renewal',
    tokenHash: services.sha256(token),
    progress: {},
    createdAt,
    endsAt: new Date(createdAt.getTime() + LIFETIME_MS),
  }
}

/** Returns the ids of a connection for an audit event. */
export function ofConnection({ id, organizationId }: Connection) {
  return { connectionId: id, organizationId }
}
