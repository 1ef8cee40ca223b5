import { authorizeOperator } from '../access/authorize-operator.ts'
import { type AuditVerification, findAuditVerification } from '../audit/audit-verification.ts'
import type { Exchange } from '../http/exchange.ts'
import { version } from '../http/version.ts'
import type { CredentialStatus } from '../identity-provider/client-credentials.ts'
import type { Services } from '../services.ts'
import type { ConnectionCounts } from '../storage/storage.ts'
import type { Sample } from './metrics.ts'

const SOON_MS = 30 * 86_400_000

/** Answers GET /metrics, for operators only. @throws {EntradaError} those of {@link authorizeOperator} */
export async function showMetrics(services: Services, exchange: Exchange): Promise<Response> {
  await authorizeOperator(services, exchange)
  return metricsResponse(services)
}

/**
 * Renders all metrics as Prometheus text. When the database is unreachable, the page still renders and reports it: that is when
 * operators need the metrics.
 */
export async function metricsResponse(services: Services): Promise<Response> {
  const { metrics, processSamples, storage } = services
  const text = metrics.render([
    ...(await databaseSamples(services)),
    ...credentialSamples(services.credentialStatus()),
    {
      name: 'entrada_build_info',
      value: 1,
      labels: { version, database: storage.kind },
    },
    ...processSamples(),
  ])
  return new Response(text, {
    headers: {
      'content-type': 'text/plain; version=0.0.4; charset=utf-8',
      'cache-control': 'no-store',
    },
  })
}

async function databaseSamples(
  services: Pick<Services, 'keyRing' | 'now' | 'storage'>,
): Promise<readonly Sample[]> {
  const { storage, now } = services
  try {
    const { sessions, outbox, unlinked } = await storage.countLive(now())
    const credentialsEndBefore = new Date(now().getTime() + SOON_MS)
    const connections = await storage.countConnections({ credentialsEndBefore })
    const domains = Object.entries(await storage.countDomains())
    return [
      { name: 'entrada_database_up', value: 1 },
      { name: 'entrada_sessions_live', value: sessions },
      { name: 'entrada_outbox_events', value: outbox },
      { name: 'entrada_audit_events_unlinked', value: unlinked },
      ...verificationSamples(await findAuditVerification(services)),
      ...connectionSamples(connections),
      ...domains.map(([status, value]) => ({
        name: 'entrada_domains' as const,
        value,
        labels: { status },
      })),
    ]
  } catch {
    return [{ name: 'entrada_database_up', value: 0 }]
  }
}

function verificationSamples(verification: AuditVerification | undefined): readonly Sample[] {
  if (verification === undefined) return []
  const { completed, problem } = verification
  const isKnown = completed !== undefined || problem !== undefined
  return [
    ...(isKnown ? [{ name: 'entrada_audit_chain_intact', value: problem ? 0 : 1 } as const] : []),
    ...(completed
      ? [
          {
            name: 'entrada_audit_verified_timestamp_seconds',
            value: Math.floor(completed.at.getTime() / 1000),
          } as const,
        ]
      : []),
  ]
}

function connectionSamples(counts: ConnectionCounts): readonly Sample[] {
  const { total, on, draft, failing, expiring } = counts
  const states = { on, draft, off: total - on - draft }
  return [
    ...Object.entries(states).map(
      ([state, value]): Sample => ({ name: 'entrada_connections', labels: { state }, value }),
    ),
    { name: 'entrada_connections_failing', value: failing },
    { name: 'entrada_connections_expiring', value: expiring },
  ]
}

/** Labels a credential by kind and position in the configuration. Its id would be of no use in a metric. */
function credentialSamples(credentials: readonly CredentialStatus[]): readonly Sample[] {
  return credentials.flatMap(({ kind, state, expiresAt }, index) => {
    const before = credentials.slice(0, index).filter((other) => other.kind === kind).length
    const labels = { kind, position: String(before + 1) }
    const good: Sample = { name: 'entrada_credential_good', labels, value: +(state === 'good') }
    if (expiresAt === undefined) return [good]
    const value = Math.floor(expiresAt.getTime() / 1000)
    return [good, { name: 'entrada_credential_expiry_timestamp_seconds', labels, value }]
  })
}
