/** `entrada/node`: Entrada below `node:http`, and whatever builds on it. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import type { Entrada } from '../entrada.ts'
import { parseRequestTarget } from '../http/request-target.ts'

/** Express keeps the address here when it cuts off a prefix. */
type Incoming = IncomingMessage & { readonly originalUrl?: string }

export type NodeListener = (incoming: Incoming, outgoing: ServerResponse) => Promise<void>

/**
 * Answers with Entrada's own pages: give it the requests whose path `entrada.handles`. Or with whatever another `fetch` answers; when that
 * one rejects, with 500. Never rejects.
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
      // A body that was cut off, above all. Nobody waits for this promise, and its failure would end the process.
      if (outgoing.headersSent) outgoing.destroy()
      else outgoing.writeHead(500).end()
    }
  }
}

/** `TRACE` is a method of HTTP, and none of the Web. */
function toRequestOrUndefined(incoming: Incoming): Request | undefined {
  try {
    return toRequest(incoming)
  } catch {
    return undefined
  }
}

/**
 * The Web's form of a request. A body that was read already is marked as used: nobody can read it again.
 *
 * @throws {TypeError} for methods that the Web does not have, such as `TRACE`: anybody can send one
 */
export function toRequest(incoming: Incoming): Request {
  const { method } = incoming
  if (method === 'GET' || method === 'HEAD') return withoutBody(incoming)
  const { url, headers } = withoutBody(incoming)
  const init = { method, headers } as RequestInit // the method of a request that came is never absent
  if (incoming.readableDidRead) return usedRequest(url, init)
  const body = Readable.toWeb(incoming)
  return new Request(url, { ...init, body, duplex: 'half' } as RequestInit) // the DOM's types know no `duplex`
}

/** Of what only the address and headers matter; the body stays for who wants it. */
export function withoutBody(incoming: Incoming): Request {
  const { method = 'GET', headersDistinct } = incoming
  const headers = new Headers()
  for (const [name, values = []] of Object.entries(headersDistinct)) {
    if (name.startsWith(':')) continue // HTTP/2
    for (const value of values) headers.append(name, value)
  }
  const authority = authorityOf(incoming)
  // HTTP/2 lets both come, and demands that they agree: two that differ are refused, as two Host headers are.
  const host = headers.get('host') ?? undefined
  if (authority !== undefined && host !== authority) {
    if (incoming.httpVersionMajor >= 2 || host?.includes(',')) headers.append('host', authority)
    else headers.set('host', authority)
  }
  return new Request(`http://localhost${pathOf(incoming)}`, { method, headers })
}

/** The host that counts instead of the `Host` header. @see RFC 9112 §3.2.2, RFC 9113 §8.3.1 */
function authorityOf({ headers, originalUrl, url = '/' }: Incoming): string | undefined {
  const { ':authority': authority } = headers
  if (typeof authority === 'string') return authority
  return parseRequestTarget(originalUrl ?? url).authority
}

/** Path and query, as the client asked for them. */
export function pathOf({ originalUrl, url = '/' }: Incoming): string {
  const { path } = parseRequestTarget(originalUrl ?? url)
  return path.startsWith('/') ? path : '/'
}

/** Sends it, beside the headers that are set already. */
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
