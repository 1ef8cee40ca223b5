import type { Services } from '../services.ts'
import type { RawHandler } from './raw-handler.ts'
import { parseRequestTarget } from './request-target.ts'
import { securityHeaders } from './responses.ts'

const ALIVE = 'alive\n'
const plainHeaders = {
  'content-type': 'text/plain; charset=utf-8',
  'cache-control': 'no-store',
} as const
const labels = { method: 'GET', route: '/healthz', status: '2xx' }

/** Creates the handler that answers GET /healthz before the routes are loaded: a process that listens is alive. */
export function createRawHealth({
  deployment: { mountPath, publicUrls },
  metrics,
}: Pick<Services, 'deployment' | 'metrics'>): RawHandler {
  const headers = {
    ...plainHeaders,
    ...securityHeaders(publicUrls[0]),
    'content-length': Buffer.byteLength(ALIVE),
  }
  return {
    takes: ({
      method,
      url = '',
      headers: { 'content-length': length, 'transfer-encoding': coding },
    }) =>
      method === 'GET' &&
      length === undefined &&
      coding === undefined &&
      parseRequestTarget(url).path === `${mountPath}/healthz`,
    async answer(_incoming, outgoing) {
      const startedAt = performance.now()
      outgoing.writeHead(200, headers).end(ALIVE)
      const seconds = (performance.now() - startedAt) / 1000
      metrics.observe('entrada_http_request_duration_seconds', labels, seconds)
      return 'answered'
    },
  }
}

/** Answers GET /healthz as long as the process runs. */
export async function showAlive(): Promise<Response> {
  return plain(ALIVE)
}

/** Answers GET /readyz when the database responds and its schema fits. @throws {EntradaError} `storage_unavailable` */
export async function showReady(services: Pick<Services, 'storage'>): Promise<Response> {
  await services.storage.checkReady()
  return plain('ready\n')
}

function plain(text: string): Response {
  return new Response(text, { headers: plainHeaders })
}
