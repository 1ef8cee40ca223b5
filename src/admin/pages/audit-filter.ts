/** The filter of the audit trail, for a page or an export. */
import { auditEventTypes } from '../../audit/audit-events.ts'
import { EntradaError } from '../../errors/errors.ts'
import type { Exchange } from '../../http/exchange.ts'
import type { Services } from '../../services.ts'
import type { OrganizationId } from '../../storage/records.ts'
import type { AuditFilter } from '../../storage/storage.ts'
import { findUserIds } from './find-people.ts'
import type { Viewer } from './page-access.ts'
import { searchParameter } from './page-parts.ts'

const DAY_MS = 86_400_000

/** Parameters in the address of the page, of its export, and of the next page. */
export const auditParameters = [
  'type',
  'person',
  'organization',
  'connection',
  'correlation',
  'from',
  'until',
] as const

/**
 * Reads the filter from the address. A viewer who is limited to one organization gets its events, whatever the address contains.
 *
 * @throws {EntradaError} `request_invalid`
 */
export async function readAuditFilter(
  services: Services,
  exchange: Exchange,
  viewer: Viewer,
): Promise<AuditFilter> {
  const of = (name: (typeof auditParameters)[number]) => searchParameter(exchange, name)
  const type = of('type')
  if (type !== undefined && !Object.hasOwn(auditEventTypes, type)) {
    throw new EntradaError('request_invalid', { parameter: 'type' })
  }
  const person = of('person')
  const organizationId = viewer.organizationId ?? (of('organization') as OrganizationId | undefined) // any text
  const connectionId = of('connection')
  const correlationId = of('correlation')
  const since = dayAt(of('from'), 'from')
  const lastDay = dayAt(of('until'), 'until')
  return {
    ...(type ? { type } : {}),
    ...(person ? { userIds: await findUserIds(services, person, viewer.organizationId) } : {}),
    ...(organizationId ? { organizationId } : {}),
    ...(connectionId ? { connectionId } : {}),
    ...(correlationId ? { correlationId } : {}),
    ...(since ? { since } : {}),
    // The last day is included.
    ...(lastDay ? { until: new Date(lastDay.getTime() + DAY_MS) } : {}),
  }
}

function dayAt(text: string | undefined, parameter: string): Date | undefined {
  if (text === undefined) return undefined
  const at = new Date(`${text}T00:00:00.000Z`)
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text) || Number.isNaN(at.getTime())) {
    throw new EntradaError('request_invalid', { parameter })
  }
  return at
}
