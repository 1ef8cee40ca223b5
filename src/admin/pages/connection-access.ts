/** The connection of a page, and whether the viewer may change it there. */
import { EntradaError } from '../../errors/errors.ts'
import type { Exchange } from '../../http/exchange.ts'
import type { Services } from '../../services.ts'
import type { Connection } from '../../storage/records.ts'
import { checkMay, getOwned, idIn, type Viewer } from './page-access.ts'

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
