/**
 * Remembers the connection with which this browser signed in last, so that the login page offers it again. It is sealed: the name
 * of an organization is shown only to a browser that was signed in to it. It contains nothing about a person.
 */

import { isOfEnvironment } from '../connections/environment-connection-id.ts'
import { cookieName, dropCookie, setCookie } from '../http/cookies.ts'
import type { Exchange } from '../http/exchange.ts'
import type { Services } from '../services.ts'
import type { Connection } from '../storage/records.ts'

type Browser = Pick<Exchange, 'here' | 'cookies'>

const LIFETIME_SECONDS = 180 * 24 * 3600

/** Returns the `Set-Cookie` lines after a sign-in. The default connection is not remembered, because it has a button anyway. */
export function lastConnectionCookies(
  services: Pick<Services, 'deployment' | 'keyRing'>,
  { here, cookies }: Browser,
  connection: Pick<Connection, 'id' | 'managedBy'>,
): string[] {
  const name = lastConnectionCookieName(services, here)
  if (isOfEnvironment(connection)) return cookies.has(name) ? [dropCookie(name, here)] : []
  const sealed = services.keyRing.seal('last-connection', connection.id, boundTo(name, here))
  return [setCookie(name, sealed, { here, maxAgeSeconds: LIFETIME_SECONDS })]
}

/** Returns the remembered connection, if it still exists and is on. */
export async function findLastConnection(
  services: Pick<Services, 'deployment' | 'keyRing' | 'storage'>,
  { here, cookies }: Browser,
): Promise<Connection | undefined> {
  const name = lastConnectionCookieName(services, here)
  const sealed = cookies.get(name)
  const id = sealed === undefined ? undefined : unseal(services, sealed, boundTo(name, here))
  const connection = id === undefined ? undefined : await services.storage.findConnection(id)
  return connection?.status === 'on' ? connection : undefined
}

function unseal(
  services: Pick<Services, 'keyRing'>,
  sealed: string,
  associatedData: string,
): string | undefined {
  try {
    return services.keyRing.open('last-connection', sealed, associatedData)
  } catch {
    return undefined
  }
}

function lastConnectionCookieName(services: Pick<Services, 'deployment'>, here: URL): string {
  return cookieName(services, here, 'last-connection')
}

function boundTo(name: string, here: URL): string {
  return `${name}@${here.host}`
}
