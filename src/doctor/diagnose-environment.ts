/** Settings that are valid each by itself, and dangerous or contradictory together; and what the environment configures of Node.js. */
import type { Facts, NodeFacts, SettingsFacts } from './facts.ts'
import { type Finding, newFinding } from './finding.ts'

/** A block with fewer bits holds a good part of all addresses. */
const EVERYBODY_BITS = { ipv4: 8, ipv6: 16 } as const

/** Reports settings that are valid and yet dangerous or contradictory. */
export function diagnoseEnvironment({ settings }: Facts): readonly Finding[] {
  if (settings === undefined) return []
  return [...trustedProxies(settings), ...combinations(settings), ...node(settings.node)]
}

function trustedProxies({ trustedProxies: blocks }: SettingsFacts): readonly Finding[] {
  const wide = blocks.filter((block) => {
    const [address = '', bits] = block.split('/')
    const least = EVERYBODY_BITS[address.includes(':') ? 'ipv6' : 'ipv4']
    return bits !== undefined && Number(bits) < least
  })
  return wide.length > 0 ? [newFinding('proxies_trust_everybody', {}, wide)] : []
}

function combinations({
  tenantId,
  clientId,
  logLevel,
  publicOrigins,
}: SettingsFacts): readonly Finding[] {
  const repeated = publicOrigins.filter((origin, at) => publicOrigins.indexOf(origin) !== at)
  return [
    ...(tenantId !== undefined && tenantId === clientId
      ? [newFinding('tenant_is_client_id', { id: tenantId })]
      : []),
    ...(repeated.length > 0 ? [newFinding('public_url_repeated', {}, repeated)] : []),
    ...(logLevel === 'silent' ? [newFinding('log_silent', {})] : []),
    ...(logLevel === 'debug' ? [newFinding('log_verbose', {})] : []),
  ]
}

function node({ trustsAnyCertificate, inspects, extraCaProblem }: NodeFacts): readonly Finding[] {
  return [
    ...(trustsAnyCertificate ? [newFinding('certificates_not_checked', {})] : []),
    ...(inspects ? [newFinding('debugger_open', {})] : []),
    ...(extraCaProblem ? [newFinding('extra_certificates_not_read', extraCaProblem)] : []),
  ]
}
