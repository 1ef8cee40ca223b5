/**
 * Answers a proxy directly from Node's server. A proxy asks before each request of an application, and a Web `Request`, a router
 * and a Web `Response` would take a good part of the response time (`bench/forward-auth.ts`).
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { type RawHandler, rawHostOf } from '../http/raw-handler.ts'
import { parseRequestTarget } from '../http/request-target.ts'
import { methodLabel } from '../metrics/metrics.ts'
import type { Services } from '../services.ts'
import { isVerifyTarget, type VerifyRequest } from './read-question.ts'
import { type AccessAnswer, verifyAccess } from './verify-access.ts'

const ROUTE = '/auth/verify'

/** Creates the handler that answers proxies without Web requests. */
export function createRawVerify(services: Services): RawHandler {
  const { mountPath } = services.deployment
  const isTrusted = createSocketTrust(services)
  return {
    takes: ({ url = '' }) => isVerifyTarget(parseRequestTarget(url).path, mountPath),
    async answer(incoming, outgoing) {
      try {
        await answerRaw(services, toVerifyRequest(incoming, isTrusted), outgoing)
      } catch (cause) {
        // After a defect, or if the response cannot be written, the proxy gets a denial, and the process goes on.
        services.log.error('request_refused', { code: 'internal_error', route: ROUTE, cause })
        if (outgoing.headersSent) outgoing.destroy()
        else outgoing.writeHead(500).end()
      }
      return 'answered'
    },
  }
}

async function answerRaw(
  services: Services,
  request: VerifyRequest,
  outgoing: ServerResponse,
): Promise<void> {
  const startedAt = performance.now()
  const header = request.header('traceparent')
  const traceparent = header && request.isFromTrustedProxy() ? header : undefined
  const answer = await services.tracing.request(
    { method: request.method, traceparent },
    () => verifyAccess(services, request),
    (done) => ({ route: ROUTE, status: statusOf(done) }),
  )
  if (answer.kind === 'pass') outgoing.writeHead(answer.status, answer.headers).end()
  else await sendStop(request, outgoing, answer.response)
  observe(services, request, { status: statusOf(answer), startedAt })
}

/** The trust is remembered per connection: a proxy keeps its connections, and their address does not change. */
function createSocketTrust({
  isTrustedProxy,
}: Pick<Services, 'isTrustedProxy'>): (socket: Socket) => boolean {
  const trustBySocket = new WeakMap<Socket, boolean>()
  return (socket) => {
    const before = trustBySocket.get(socket)
    if (before !== undefined) return before
    const isTrusted = isTrustedProxy(socket.remoteAddress)
    trustBySocket.set(socket, isTrusted)
    return isTrusted
  }
}

function toVerifyRequest(
  incoming: IncomingMessage,
  isTrusted: (socket: Socket) => boolean,
): VerifyRequest {
  const { method = '', url = '', headers, socket } = incoming
  const parsed = parseRequestTarget(url)
  return {
    method,
    target: parsed.path,
    isTargetRaw: true,
    header(name) {
      if (name === 'host') return rawHostOf(incoming, parsed)
      const value = headers[name]
      return typeof value === 'object' ? value.join(', ') : value
    },
    remoteAddress: () => socket.remoteAddress,
    isFromTrustedProxy: () => isTrusted(socket),
  }
}

/** The body of the request, if there is one, is not used: Node discards it or closes the connection. */
async function sendStop(
  { method }: VerifyRequest,
  outgoing: ServerResponse,
  response: Response,
): Promise<void> {
  const body = await response.text()
  outgoing.writeHead(response.status, {
    ...Object.fromEntries(response.headers),
    'content-length': Buffer.byteLength(body),
  })
  outgoing.end(method === 'HEAD' ? undefined : body)
}

function statusOf(answer: AccessAnswer): number {
  return answer.kind === 'pass' ? answer.status : answer.response.status
}

function observe(
  { metrics }: Pick<Services, 'metrics'>,
  { method }: VerifyRequest,
  { status, startedAt }: { readonly status: number; readonly startedAt: number },
): void {
  const labels = {
    method: methodLabel(method),
    route: ROUTE,
    status: `${Math.floor(status / 100)}xx`,
  }
  const seconds = (performance.now() - startedAt) / 1000
  metrics.observe('entrada_http_request_duration_seconds', labels, seconds)
}
