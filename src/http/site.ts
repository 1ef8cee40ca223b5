/** The hosts under one parent domain that share a cookie of the session, if the operator configures that. */
import type { Site } from '../deployment.ts'
import type { Services } from '../services.ts'

/** Returns the site that this public address belongs to; other public addresses may be outside of it. */
export function siteOf({ deployment }: Pick<Services, 'deployment'>, here: URL): Site | undefined {
  const { site } = deployment
  return site !== undefined && isUnder(site.cookieDomain, here.host) ? site : undefined
}

/** Returns whether a host, with or without a port, is the domain or is below it. */
export function isUnder(domain: string, host: string): boolean {
  const name = host.replace(/:\d+$/, '')
  return name === domain || name.endsWith(`.${domain}`)
}

/** Returns what is wrong with these settings, one sentence for each problem. */
export function siteProblems({
  publicUrls,
  cookieDomain,
  applicationUrls = [],
}: {
  readonly publicUrls: readonly URL[]
  readonly cookieDomain: string | undefined
  readonly applicationUrls: readonly URL[] | undefined
}): readonly string[] {
  if (cookieDomain === undefined) {
    return applicationUrls.length > 0
      ? [
          'ENTRADA_APPLICATION_URLS needs ENTRADA_COOKIE_DOMAIN: other hosts get no cookie of ours without it',
        ]
      : []
  }
  if (applicationUrls.length === 0) {
    return [
      'ENTRADA_COOKIE_DOMAIN without ENTRADA_APPLICATION_URLS shows the session to other hosts for nothing',
    ]
  }
  const serverUrl = publicUrls[0]
  return [
    ...(serverUrl && !isUnder(cookieDomain, serverUrl.host)
      ? [
          `ENTRADA_COOKIE_DOMAIN must be the host of ENTRADA_SERVER_URL or a domain above it; ${serverUrl.host} is not under it`,
        ]
      : []),
    ...applicationUrls
      .filter(({ host }) => !isUnder(cookieDomain, host))
      .map(
        ({ host }) =>
          `ENTRADA_APPLICATION_URLS: ${host} is not under ENTRADA_COOKIE_DOMAIN, so no cookie of ours gets there`,
      ),
    ...applicationUrls
      .filter(({ protocol }) => serverUrl && protocol !== serverUrl.protocol)
      .map(
        ({ origin }) =>
          `ENTRADA_APPLICATION_URLS: ${origin} has another scheme than ENTRADA_SERVER_URL, whose cookies do not get there`,
      ),
    ...applicationUrls
      .filter(({ host }) => publicUrls.some((url) => url.host === host))
      .map(
        ({ host }) =>
          `ENTRADA_APPLICATION_URLS: ${host} is an address of this server already, and needs no entry`,
      ),
  ]
}
