import { diagnoseName } from './diagnose-names.ts'
import { diagnoseServer } from './diagnose-proxy.ts'
import type {
  AddressesFacts,
  AddressFacts,
  ApplicationFacts,
  CertificateFacts,
  Facts,
} from './facts.ts'
import { describeFailure } from './failure.ts'
import { type Finding, newFinding } from './finding.ts'

const DAY_MS = 86_400_000
/** Certificates with automatic renewal have been renewed by then. */
const CERTIFICATE_WARNED_DAYS = 14
/** Error codes of a handshake when the other side answers in clear, or supports old versions only. */
const PLAIN_HTTP: ReadonlySet<string> = new Set(['ERR_SSL_WRONG_VERSION_NUMBER', 'EPROTO'])
const OLD_TLS: ReadonlySet<string> = new Set([
  'ERR_SSL_UNSUPPORTED_PROTOCOL',
  'ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION',
])
const GATEWAY_STATUSES: readonly number[] = [502, 503, 504]

/** Judges how the public addresses and the applications on other hosts answer. */
export function diagnoseAddresses(all: Facts): readonly Finding[] {
  const { addresses: facts, settings, at, keyRing } = all
  if (facts === undefined) return []
  const mustBeProxied = facts.listensLocally && settings?.onlyLocal === false
  const isExamined = facts.addresses.some(
    ({ health }) => health.kind === 'ours' && health.server?.passed,
  )
  return [
    ...facts.addresses.flatMap((address) => [
      ...health(address, facts, keyRing),
      ...(address.certificate ? certificate(address.certificate, at) : []),
      ...(address.name ? diagnoseName(address.origin, address.name) : []),
    ]),
    ...(facts.applications ?? []).map(application),
    ...(mustBeProxied && !facts.namesProxies && !isExamined
      ? [newFinding('proxies_not_named', { listen: facts.listen })]
      : []),
  ]
}

function application({ origin, answer }: ApplicationFacts): Finding {
  switch (answer.kind) {
    case 'guarded':
      return newFinding('application_guarded', { origin })
    case 'open':
      return newFinding('application_open', { origin, status: answer.status })
    case 'failing':
      return newFinding('application_refused', { origin, status: answer.status })
    case 'unreachable':
      return newFinding('application_not_reached', {
        origin,
        reason: describeFailure(answer.failure),
      })
  }
}

function health(
  address: AddressFacts,
  facts: AddressesFacts,
  keyRing: Facts['keyRing'],
): readonly Finding[] {
  const { origin, health: found } = address
  switch (found.kind) {
    case 'ours':
      return [
        newFinding('address_reached', { origin }),
        ...(found.differs
          ? [newFinding('server_has_other_settings', { origin, ...found.differs })]
          : []),
        ...(found.server ? diagnoseServer(origin, found.server, keyRing) : []),
      ]
    case 'behind_password':
      return [newFinding('address_behind_password', { origin, scheme: found.scheme })]
    case 'redirect_loop':
      return [newFinding('address_redirect_loop', { origin })]
    case 'wrong_host':
      return [newFinding('proxy_wrong_host', { origin })]
    case 'development':
      return [newFinding('server_refuses_proxy', { origin })]
    case 'redirected':
      return [newFinding('address_redirected', { origin, target: found.target })]
    case 'other':
      return GATEWAY_STATUSES.includes(found.status)
        ? [newFinding('address_proxy_without_server', { origin, status: found.status })]
        : [newFinding('address_answered_by_other', { origin, status: found.status })]
    case 'unreachable':
      // The certificate has a finding of its own, which is more exact.
      if (found.failure.reason === 'certificate' && address.certificate) return []
      return [unreachable(origin, found.failure, facts)]
  }
}

function unreachable(
  origin: string,
  failure: Parameters<typeof describeFailure>[0],
  { local, listen }: AddressesFacts,
): Finding {
  const { code = '' } = failure
  if (failure.reason === 'name_unknown') return newFinding('address_name_unknown', { origin })
  if (PLAIN_HTTP.has(code)) return newFinding('address_speaks_no_tls', { origin, code })
  if (OLD_TLS.has(code)) return newFinding('address_tls_too_old', { origin, code })
  const reason = describeFailure(failure)
  if (local === 'silent') return newFinding('server_not_running', { origin, listen })
  return local === 'alive'
    ? newFinding('address_not_reached', { origin, reason, listen })
    : newFinding('address_silent', { origin, reason })
}

function certificate(facts: CertificateFacts, at: Date): readonly Finding[] {
  const { host, names, isOfHost, problem } = facts
  const isOther = problem === 'ERR_TLS_CERT_ALTNAME_INVALID' || !isOfHost
  const trust = problem === 'ERR_TLS_CERT_ALTNAME_INVALID' ? undefined : problem
  return [
    ...(isOther
      ? [newFinding('address_certificate_of_other_name', { host, names: names.join(', ') })]
      : []),
    ...(isOther && trust === undefined ? [] : [trustOf(facts, trust, at)]),
  ]
}

/** Judges the validity period and the issuer of a certificate. */
function trustOf(
  { host, validFrom, validTo }: CertificateFacts,
  problem: string | undefined,
  at: Date,
): Finding {
  const date = dayOf(validTo)
  const days = Math.floor((validTo.getTime() - at.getTime()) / DAY_MS)
  if (days < 0) return newFinding('address_certificate_expired', { host, date })
  if (validFrom > at) {
    return newFinding('address_certificate_not_yet_valid', { host, date: dayOf(validFrom) })
  }
  switch (problem) {
    case undefined:
      break
    case 'DEPTH_ZERO_SELF_SIGNED_CERT':
      return newFinding('address_certificate_self_signed', { host })
    case 'UNABLE_TO_VERIFY_LEAF_SIGNATURE':
      return newFinding('address_certificate_chain_incomplete', { host })
    default:
      return newFinding('address_certificate_not_trusted', { host, reason: problem })
  }
  const id =
    days < CERTIFICATE_WARNED_DAYS ? 'address_certificate_ends_soon' : 'address_certificate_good'
  return newFinding(id, { host, date, days })
}

function dayOf(date: Date): string {
  return date.toISOString().slice(0, 10)
}
