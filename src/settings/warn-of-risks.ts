import type { Services } from '../services.ts'

/** Logs, at the start, the options whose risk the operator accepted; docs/forward-auth.md describes the risks. */
export function warnOfRisks(services: Pick<Services, 'deployment' | 'log'>): void {
  const { site, forwardsUnproven } = services.deployment
  if (site !== undefined) {
    services.log.warn('session_shared_with_domain', {
      cookieDomain: site.cookieDomain,
      applications: site.applicationUrls.map(({ origin }) => origin),
      effect:
        'every host under the domain is sent a cookie that opens these applications, and may set it',
    })
  }
  if (forwardsUnproven) {
    services.log.warn('unproven_forwarded', {
      effect:
        'users of every organization pass unless an access rule forbids it, with unproven email addresses',
    })
  }
}
