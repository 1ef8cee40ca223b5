import { EntradaError } from '../errors.ts'
import { pathTo } from '../http/exchange.ts'
import type { Services } from '../services.ts'
import type { Connection } from '../storage/records.ts'

/** @throws {EntradaError} `entra_not_configured` */
export async function getDefaultConnection(services: Services): Promise<Connection> {
  const { defaultConnectionId } = services.deployment
  if (defaultConnectionId === undefined) throw new EntradaError('entra_not_configured')
  return getConnection(services, defaultConnectionId)
}

/** @throws {EntradaError} `connection_not_found` */
export async function getConnection(services: Services, id: string): Promise<Connection> {
  const connection = await services.storage.findConnection(id)
  if (connection === undefined) throw new EntradaError('connection_not_found')
  return connection
}

/** @throws {EntradaError} `connection_off` */
export function checkConnectionOn({ status }: Connection): void {
  if (status !== 'on') throw new EntradaError('connection_off', { status })
}

/** The callback to register in Entra for sign-ins that start on this host, compared there letter by letter. */
export function redirectUri(services: Services, here: URL): string {
  return here.origin + pathTo(services, '/auth/entra/callback')
}
