import { cloudOf, cloudWords } from '../../identity-provider/entra/clouds.ts'
import type { EntraFacts, Facts, KeysFacts } from '../facts.ts'
import { describeFailure, type Failed } from '../failure.ts'
import { type Finding, newFinding } from '../finding.ts'
import { seenIn } from '../seen.ts'

/** At 120 s a sign-in is refused; see `protocol/id-token.ts`. */
const CLOCK_REFUSED_SECONDS = 120
const CLOCK_WARNED_SECONDS = 60

/** Judges what the directory publishes, which tenant it is, and how far the clocks differ. */
export function diagnoseEntra(facts: Facts): readonly Finding[] {
  const { entra, settings, mode } = facts
  if (entra === undefined) {
    const isMissing = mode === 'production' && settings?.hasEntra === false
    return isMissing ? [newFinding('entra_not_configured', {})] : []
  }
  const { authority, isMicrosoft } = entra
  return [
    ...directory(entra),
    ...(isMicrosoft ? [] : [newFinding('authority_not_microsoft', { authority })]),
    ...tenant(facts, entra),
    ...(entra.keys ? [keys(entra.keys)].flat() : []),
    clock(entra),
  ]
}

function directory(entra: EntraFacts): readonly Finding[] {
  const { authority, discovery, tenant, discoveryUrl: url } = entra
  switch (discovery.kind) {
    case 'found': {
      const tenantId = discovery.metadata.tenantId ?? tenant
      const cloud = cloudWords(cloudOf(new URL(authority)))
      return [newFinding('directory_found', { tenantId, authority, cloud })]
    }
    case 'unreachable':
      return unreachable(entra, discovery.failure)
    case 'failing':
      return [newFinding('entra_failing', { authority, status: discovery.status })]
    case 'tenant_unknown': {
      const { foundAt: other } = entra
      return other === undefined
        ? [newFinding('tenant_unknown', { authority, tenant })]
        : [newFinding('tenant_in_other_cloud', { authority, tenant, other })]
    }
    case 'of_another_party':
      return [newFinding('discovery_of_another_party', { authority, member: discovery.member })]
    case 'not_understood':
      return [newFinding('discovery_not_understood', { authority, url, status: discovery.status })]
  }
}

function unreachable({ authority }: EntraFacts, failure: Failed): readonly Finding[] {
  const { proxy, status } = failure
  if (proxy !== undefined) {
    return status === undefined
      ? [newFinding('proxy_unreachable', { authority, proxy })]
      : [newFinding('proxy_refused', { authority, proxy, status })]
  }
  const isTrust = failure.reason === 'certificate'
  return [
    isTrust
      ? newFinding('entra_certificate_not_trusted', {
          authority,
          reason: failure.code ?? 'unknown',
        })
      : newFinding('entra_unreachable', { authority, reason: describeFailure(failure) }),
  ]
}

function tenant(facts: Facts, { tenant: configured, discovery }: EntraFacts): readonly Finding[] {
  const tenantId = discovery.kind === 'found' ? discovery.metadata.tenantId : undefined
  if (tenantId === undefined) return []
  const others = seenIn(facts)?.linkedTenants.filter((linked) => linked !== tenantId) ?? []
  return [
    ...(configured === tenantId
      ? []
      : [newFinding('tenant_by_domain', { tenant: configured, tenantId })]),
    ...others.map((linked) => newFinding('tenant_changed', { linked, tenantId })),
  ]
}

function keys(facts: KeysFacts): Finding | readonly Finding[] {
  const { url, issuer } = facts
  switch (facts.kind) {
    case 'unreachable':
      return newFinding('keys_unreachable', { url, reason: facts.reason })
    case 'empty':
      return newFinding('keys_empty', { url })
    case 'published':
      if (facts.signing === 0) {
        return newFinding('keys_of_another_issuer', { count: facts.usable, issuer })
      }
      return facts.signing === 1
        ? newFinding('keys_single', {})
        : newFinding('keys_published', { count: facts.signing, issuer })
  }
}

/** `Date` has whole seconds and the answer took a while to arrive, so only a difference beyond both is reported. */
function clock({ clock: compared, authority }: EntraFacts): Finding {
  if (compared === undefined) return newFinding('clock_not_compared', {})
  const { theirs, ours, tookMs } = compared
  const differenceMs = ours.getTime() - theirs.getTime()
  const certainMs = Math.max(0, Math.abs(differenceMs) - tookMs / 2 - 1000)
  const seconds = Math.round(certainMs / 1000)
  const direction = differenceMs > 0 ? 'fast' : 'slow'
  if (seconds > CLOCK_REFUSED_SECONDS) {
    return newFinding('clock_off', { seconds, direction, authority })
  }
  if (seconds > CLOCK_WARNED_SECONDS) {
    return newFinding('clock_off_slightly', { seconds, direction, authority })
  }
  return newFinding('clock_right', { seconds, authority })
}
