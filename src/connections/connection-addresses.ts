/** The addresses of a connection: those a customer registers in Entra, and where its sign-ins start. */
import { pathTo } from '../http/exchange.ts'
import type { Services } from '../services.ts'
import type { Connection } from '../storage/records.ts'
import { isOfEnvironment } from './environment-connection-id.ts'

type Place = Pick<Services, 'deployment'>

/**
 * Returns the callback to register in Entra for sign-ins that start on this host; Entra compares it letter by letter. The environment's
 * connection has `/auth/entra/callback`, a customer's own application `/login/callback?connection=ID`. The shared application has one
 * callback for all its customers, because Entra accepts at most 256.
 *
 * @see https://learn.microsoft.com/entra/identity-platform/reply-url
 */
export function redirectUri(
  services: Place,
  here: URL,
  connection: Pick<Connection, 'id' | 'application' | 'managedBy'>,
): string {
  const at = (path: string) => here.origin + pathTo(services, path)
  if (isOfEnvironment(connection)) return at('/auth/entra/callback')
  return connection.application === 'shared'
    ? at('/login/callback')
    : at(`/login/callback?connection=${encodeURIComponent(connection.id)}`)
}

/** Returns the origin of a connection's registered addresses: the one that it chose among ours, else the server URL. */
export function homeOrigin(
  { deployment: { publicUrls } }: Place,
  { settings: { redirectOrigin } }: Pick<Connection, 'settings'>,
): string {
  const chosen = publicUrls.find(({ origin }) => origin === redirectOrigin)
  return (chosen ?? publicUrls[0]).origin
}

/** What leads a user to the sign-in of a connection. */
export type ConnectionStart = Pick<Connection, 'id' | 'slug' | 'managedBy'>

/** Returns those members of a connection alone, for the detail of an error. */
export function startOf({ id, slug, managedBy }: ConnectionStart): ConnectionStart {
  return { id, slug, managedBy }
}

/** Returns the path where sign-ins through a connection start, which customers link to and register as the home page of its tile. */
export function startPath(
  services: Place,
  connection: Pick<Connection, 'slug' | 'managedBy'>,
): string {
  const path = isOfEnvironment(connection)
    ? '/auth/entra/login'
    : `/enterprise-login/${connection.slug}`
  return pathTo(services, path)
}

/** Returns the front-channel logout URL to register in Entra. */
export function frontChannelLogoutUrl(
  services: Place,
  here: URL,
  connection: Pick<Connection, 'id' | 'managedBy'>,
): string {
  const place = isOfEnvironment(connection) ? 'entra' : encodeURIComponent(connection.id)
  return here.origin + pathTo(services, `/auth/${place}/frontchannel-logout`)
}
