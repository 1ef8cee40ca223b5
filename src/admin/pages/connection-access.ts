/** The connection of a page, and whether the viewer may change it there. */
import { EntradaError } from '../../errors/errors.ts'
import type { Exchange } from '../../http/exchange.ts'
import type { Services } from '../../services.ts'
import type { Connection } from '../../storage/records.ts'
import {
  checkMay,
  getOwned,
  idIn,
  openForm,
  openPage,
  type SentForm,
  type Viewer,
} from './page-access.ts'

/** Returns the connection in the address. @throws {EntradaError} `record_not_found`, also for one of another organization */
export async function getViewedConnection(
  { storage }: Pick<Services, 'storage'>,
  exchange: Exchange,
  viewer: Viewer,
): Promise<Connection> {
  return getOwned(viewer, 'connections:read', await storage.findConnection(idIn(exchange)))
}

/** Returns whether the viewer may change the connection on its pages. */
export function mayChange(viewer: Viewer, connection: Connection): boolean {
  return connection.managedBy === 'api' && viewer.may('connections:write', connection)
}

/**
 * Checks that the viewer may change the connection on its pages.
 *
 * @throws {EntradaError} `access_not_granted`, `connection_read_only`
 */
export function checkMayChange(viewer: Viewer, connection: Connection): void {
  checkMay(viewer, 'connections:write', connection)
  if (connection.managedBy !== 'api') {
    throw new EntradaError('connection_read_only', { id: connection.id })
  }
}

type OpenedConnection = { readonly viewer: Viewer; readonly connection: Connection }

/** Opens a page that changes the connection in the address. @throws {EntradaError} those of {@link checkMayChange}, `record_not_found` */
export async function openConnectionPage(
  services: Services,
  exchange: Exchange,
): Promise<OpenedConnection> {
  const viewer = await openPage(services, exchange, 'connections:read')
  const connection = await getViewedConnection(services, exchange, viewer)
  checkMayChange(viewer, connection)
  return { viewer, connection }
}

/** Opens the form of such a page. @throws {EntradaError} the same, and those of a form */
export async function openConnectionForm(
  services: Services,
  exchange: Exchange,
): Promise<SentForm & OpenedConnection> {
  const sent = await openForm(services, exchange)
  const connection = await getViewedConnection(services, exchange, sent.viewer)
  checkMayChange(sent.viewer, connection)
  return { ...sent, connection }
}
