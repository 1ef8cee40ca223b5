/** `entrada/node`: for `node:http` and frameworks that build on it. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import type { Entrada } from '../entrada.ts'
import { parseRequestTarget } from '../http/request-target.ts'

/** Express keeps the full address here when it removes a prefix. */
type Incoming = IncomingMessage & { readonly originalUrl?: string }

export type NodeListener = (incoming: Incoming, outgoing: ServerResponse) => Promise<void>

/**
 * Returns a listener that answers with Entrada's own pages: pass it the requests whose path `entrada.handles`. It also works with
 * any other `fetch`, and answers 500 if that rejects. It never rejects itself.
 */
export function toNodeListener(entrada: Pick<Entrada, 'fetch'>): NodeListener {
  return async (incoming, outgoing) => {
    const { remoteAddress } = incoming.socket
    const request = toRequestOrUndefined(incoming)
    const target = incoming.originalUrl ?? incoming.url
    const remote = {
      ...(remoteAddress ? { remoteAddress } : {}),
      ...(target ? { target } : {}),
    }
    try {
      const response =
        request === undefined
          ? new Response(null, { status: 400 })
          : await entrada.fetch(request, remote)
      await sendResponse(response, outgoing)
    } catch {
      // The usual cause is a body that was cut off. No caller awaits this promise, so a rejection would end the process.
      if (outgoing.headersSent) outgoing.destroy()
      else outgoing.writeHead(500).end()
    }
  }
}

/** `TRACE` is a method of HTTP that the Web's `Request` does not allow. */
function toRequestOrUndefined(incoming: Incoming): Request | undefined {
  try {
    return toRequest(incoming)
  } catch {
    return undefined
  }
}

/**
 * Converts a request to its Web form. A body that was read already is marked as used, since it cannot be read again.
 *
 * @throws {TypeError} for methods that `Request` does not allow, such as `TRACE`, which any client can send
 */
export function toRequest(incoming: Incoming): Request {
  const { method } = incoming
  if (method === 'GET' || method === 'HEAD') return withoutBody(incoming)
  const { url, headers } = withoutBody(incoming)
  const init = { method, headers } as RequestInit // a request that arrived always has a method
  if (incoming.readableDidRead) return usedRequest(url, init)
  const body = Readable.toWeb(incoming)
  return new Request(url, { ...init, body, duplex: 'half' } as RequestInit) // the DOM's types know no `duplex`
}

/** Returns a request of which only the address and the headers matter; its body remains unread. */
export function withoutBody(incoming: Incoming): Request {
  const { method = 'GET', headersDistinct } = incoming
  const headers = new Headers()
  for (const [name, values = []] of Object.entries(headersDistinct)) {
    if (name.startsWith(':')) continue // HTTP/2
    for (const value of values) headers.append(name, value)
  }
  const authority = authorityOf(incoming)
  // HTTP/2 allows both and demands that they agree. Two that differ are refused, as two Host headers are.
  const host = headers.get('host') ?? undefined
  if (authority !== undefined && host !== authority) {
    if (incoming.httpVersionMajor >= 2 || host?.includes(',')) headers.append('host', authority)
    else headers.set('host', authority)
  }
  return new Request(`http://localhost${pathOf(incoming)}`, { method, headers })
}

/** Returns the host that replaces the `Host` header. @see RFC 9112 §3.2.2, RFC 9113 §8.3.1 */
function authorityOf({ headers, originalUrl, url = '/' }: Incoming): string | undefined {
  const { ':authority': authority } = headers
  if (typeof authority === 'string') return authority
  return parseRequestTarget(originalUrl ?? url).authority
}

/** Returns path and query as the client sent them. */
export function pathOf({ originalUrl, url = '/' }: Incoming): string {
  const { path } = parseRequestTarget(originalUrl ?? url)
  return path.startsWith('/') ? path : '/'
}

/** Sends a response, in addition to the headers that are already set. */
export async function sendResponse(response: Response, outgoing: ServerResponse): Promise<void> {
  outgoing.statusCode = response.status
  for (const [name, value] of response.headers) {
    if (name !== 'set-cookie') outgoing.setHeader(name, value)
  }
  for (const line of response.headers.getSetCookie()) outgoing.appendHeader('set-cookie', line)
  outgoing.end(Buffer.from(await response.arrayBuffer()))
}

function usedRequest(url: string, init: RequestInit): Request {
  const request = new Request(url, { ...init, body: '' })
  void request.text()
  return request
}
