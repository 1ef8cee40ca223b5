/** `GET /api/v1/session` on Node's own request and response, for applications that ask on every request of theirs. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { checkOnlyLocal, isHostOf } from '../http/exchange.ts'
import { noteNoSession, type RawHandler, rawHostOf } from '../http/raw-handler.ts'
import { parseRequestTarget } from '../http/request-target.ts'
import { securityHeaders } from '../http/responses.ts'
import type { Services } from '../services.ts'
import { findSessionByHeader } from './session.ts'
import { type SessionJson, toSessionJson } from './session-json.ts'

const ROUTE = '/api/v1/session'
const labels = { method: 'GET', route: ROUTE, status: '2xx' }

/**
 * Returns the handler that answers with 200 when the request has the live session of a user. Every other request is left to the
 * router, which has the one rule for each refusal: the handler never refuses.
 */
export function createRawSession(services: Services): RawHandler {
  const address = services.deployment.mountPath + ROUTE
  const headersAt = createHeaders()
  return {
    takes: ({ method, url, headers }) =>
      method === 'GET' &&
      url === address &&
      headers['content-length'] === undefined &&
      headers['transfer-encoding'] === undefined,
    async answer(incoming, outgoing) {
      const startedAt = performance.now()
      const found = await findAnswer(services, incoming).catch(() => undefined)
      if (found === undefined) return 'left'
      send(outgoing, headersAt(found.here), JSON.stringify(found.json))
      const seconds = (performance.now() - startedAt) / 1000
      services.metrics.observe('entrada_http_request_duration_seconds', labels, seconds)
      logAnswer(services, incoming, seconds)
      return 'answered'
    },
  }
}

type Found = { readonly here: URL; readonly json: SessionJson }

/** Returns `undefined`, or rejects, where the router has to answer. */
async function findAnswer(
  services: Services,
  incoming: IncomingMessage,
): Promise<Found | undefined> {
  const { headers } = incoming
  const { deployment, now, limits } = services
  if (deployment.mode === 'development') checkOnlyLocal((name) => headers[name]?.toString())
  const host = rawHostOf(incoming, parseRequestTarget(incoming.url ?? ''))?.toLowerCase()
  const here = deployment.publicUrls.find((url) => isHostOf(url, host))
  if (here === undefined || headers.cookie === undefined) return undefined

  const view = await findSessionByHeader(services, headers.cookie, here)
  if (view === undefined) noteNoSession(incoming)
  if (view?.session.kind !== 'user') return undefined
  await limits.spend('api_session', view.session.id)
  return { here, json: toSessionJson(view, now()) }
}

/** The headers of the answer depend on the public address alone. */
function createHeaders(): (here: URL) => Readonly<Record<string, string>> {
  const cached = new Map<string, Readonly<Record<string, string>>>()
  return (here) => {
    const before = cached.get(here.origin)
    if (before !== undefined) return before
    const headers = {
      'content-type': 'application/json; charset=utf-8',
      'cache-control': 'no-store',
      ...securityHeaders(here),
    }
    cached.set(here.origin, headers)
    return headers
  }
}

function send(
  outgoing: ServerResponse,
  headers: Readonly<Record<string, string>>,
  body: string,
): void {
  outgoing.writeHead(200, { ...headers, 'content-length': Buffer.byteLength(body) }).end(body)
}

function logAnswer(
  { log }: Pick<Services, 'log'>,
  { headers, socket }: IncomingMessage,
  seconds: number,
): void {
  if (log.writesDebug === false) return
  log.debug('request_answered', {
    method: 'GET',
    path: ROUTE,
    status: 200,
    ms: Math.round(seconds * 1000),
    forwardedFor: headers['x-forwarded-for'],
    remoteAddress: socket.remoteAddress,
  })
}
