/** The values that a customer registers in Entra for a connection: addresses, claims and permissions. */
import {
  frontChannelLogoutUrl,
  homeOrigin,
  redirectUri,
  startPath,
} from '../../connections/connection-addresses.ts'
import { graphOrigin } from '../../identity-provider/entra/protocol/graph-origin.ts'
import type { Services } from '../../services.ts'
import type { Connection } from '../../storage/records.ts'

export type Registration = {
  /** The name of the application in Entra. */
  readonly applicationName: string
  readonly redirectUri: string
  /** The tile in My Apps opens this address. */
  readonly homePageUrl: string
  readonly logoutUrl: string
  readonly cloud: string
  /** Whether its sessions are checked against Entra again, which needs the permission `offline_access`. */
  readonly offlineAccess: boolean
  /** Origin of the Microsoft Graph that creates applications in this cloud. */
  readonly graph: string
}

/** Returns what has to be registered for a connection. */
export function registrationOf(
  services: Pick<Services, 'deployment'>,
  connection: Connection,
): Registration {
  const home = new URL(homeOrigin(services, connection))
  return {
    applicationName: `Entrada (${home.host})`,
    redirectUri: redirectUri(services, home, connection),
    homePageUrl: home.origin + startPath(services, connection),
    logoutUrl: frontChannelLogoutUrl(services, home, connection),
    cloud: connection.cloud,
    offlineAccess: connection.settings.recheckMinutes !== undefined,
    graph: graphOrigin(new URL(connection.authority)) ?? 'https://graph.microsoft.com',
  }
}
