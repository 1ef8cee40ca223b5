/**
 * GET /admin/audit/export.csv and export.jsonl: all events that match the filter, newest first, with one page at a time in memory.
 */
import type { Exchange } from '../../http/exchange.ts'
import type { Services } from '../../services.ts'
import type { AuditEventRecord } from '../../storage/records.ts'
import type { AuditFilter } from '../../storage/storage.ts'
import { createAdministration } from '../administration.ts'
import { readAuditFilter } from './audit-filter.ts'
import { csvLine } from './csv.ts'
import { openPage } from './page-access.ts'

const AT_A_TIME = 200

type Format = {
  readonly type: string
  readonly extension: string
  readonly head: string
  readonly line: (event: AuditEventRecord) => string
}

const columns = [
  'at',
  'type',
  'actor_kind',
  'actor_id',
  'organization_id',
  'connection_id',
  'user_id',
  'session_id',
  'correlation_id',
  'ip',
  'user_agent',
  'detail',
  'id',
] as const

const csv: Format = {
  type: 'text/csv; charset=utf-8; header=present',
  extension: 'csv',
  // Without the byte order mark, Excel does not read the file as UTF-8.
  head: `\ufeff${csvLine(columns)}`,
  line: (event) => {
    const cells = cellsOf(event)
    return csvLine(columns.map((column) => cells[column] ?? ''))
  },
}

const jsonLines: Format = {
  type: 'application/jsonl; charset=utf-8',
  extension: 'jsonl',
  head: '',
  line: ({ at, ...event }) => `${JSON.stringify({ at: at.toISOString(), ...event })}\n`,
}

/** Answers GET /admin/audit/export.csv. */
export const exportCsv = (services: Services, exchange: Exchange) =>
  exportAudit(services, exchange, csv)
/** Answers GET /admin/audit/export.jsonl. */
export const exportJsonLines = (services: Services, exchange: Exchange) =>
  exportAudit(services, exchange, jsonLines)

async function exportAudit(
  services: Services,
  exchange: Exchange,
  format: Format,
): Promise<Response> {
  const viewer = await openPage(services, exchange, 'audit:read')
  const filter = await readAuditFilter(services, exchange, viewer)
  const day = services.now().toISOString().slice(0, 10)
  // A HEAD request needs no body, so nothing is read for it.
  const body = exchange.request.method === 'HEAD' ? null : streamOf(services, filter, format)
  return new Response(body, {
    headers: {
      'content-type': format.type,
      'content-disposition': `attachment; filename="entrada-audit-${day}.${format.extension}"`,
      'cache-control': 'no-store',
    },
  })
}

/**
 * Reads the next page only after the client has received the last one, so that a slow client delays nothing and fills no memory.
 */
function streamOf(
  services: Services,
  filter: AuditFilter,
  { head, line }: Format,
): ReadableStream<Uint8Array> {
  const administration = createAdministration(async () => services)
  const encoder = new TextEncoder()
  let after: string | undefined
  let isBegun = false
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const page = await administration.listAuditEvents(filter, {
          limit: AT_A_TIME,
          ...(after ? { after } : {}),
        })
        const text = (isBegun ? '' : head) + page.items.map(line).join('')
        isBegun = true
        after = page.next
        if (text !== '') controller.enqueue(encoder.encode(text))
        if (after === undefined) controller.close()
      },
    },
    { highWaterMark: 0 },
  )
}

function cellsOf(
  event: AuditEventRecord,
): Readonly<Partial<Record<(typeof columns)[number], string>>> {
  const { actor, organizationId, connectionId, userId, sessionId, correlationId } = event
  return {
    at: event.at.toISOString(),
    type: event.type,
    actor_kind: actor.kind,
    ...('id' in actor ? { actor_id: actor.id } : {}),
    ...(organizationId ? { organization_id: organizationId } : {}),
    ...(connectionId ? { connection_id: connectionId } : {}),
    ...(userId ? { user_id: userId } : {}),
    ...(sessionId ? { session_id: sessionId } : {}),
    ...(correlationId ? { correlation_id: correlationId } : {}),
    ...(event.ip ? { ip: event.ip } : {}),
    ...(event.userAgent ? { user_agent: event.userAgent } : {}),
    detail: JSON.stringify(event.detail),
    id: event.id,
  }
}
