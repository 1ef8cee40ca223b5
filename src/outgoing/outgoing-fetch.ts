import type { IncomingMessage } from 'node:http'
import { Readable } from 'node:stream'
import type { OutgoingRequest } from './outgoing.ts'
import { unpacked } from './read-answer.ts'

/** Statuses whose responses have no body. @see https://fetch.spec.whatwg.org/#null-body-status */
const WITHOUT_BODY: ReadonlySet<number> = new Set([101, 103, 204, 205, 304])

/** Creates a `fetch` on top of {@link OutgoingRequest}: it sends text bodies and follows no redirect. */
export function outgoingFetch(
  send: (url: URL, options: OutgoingRequest) => Promise<IncomingMessage>,
): typeof fetch {
  return async (input, init = {}) => {
    const request = input instanceof Request ? input : undefined
    const url = new URL(request?.url ?? String(input))
    const method = init.method ?? request?.method ?? 'GET'
    const body = await bodyOf(request, init)
    const answer = await send(url, {
      method,
      headers: {
        'accept-encoding': 'identity',
        ...Object.fromEntries(new Headers(init.headers ?? request?.headers)),
      },
      signal: init.signal ?? request?.signal,
      ...(body === undefined ? {} : { body }),
    })
    return toResponse(answer)
  }
}

async function bodyOf(request: Request | undefined, { body }: RequestInit) {
  if (typeof body === 'string') return body
  if (body === undefined || body === null) return request?.body ? request.text() : undefined
  return new Response(body).text()
}

function toResponse(answer: IncomingMessage): Response {
  const { statusCode: status = 0, rawHeaders } = answer
  const headers = new Headers()
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    headers.append(rawHeaders[at] ?? '', rawHeaders[at + 1] ?? '')
  }
  if (!WITHOUT_BODY.has(status)) {
    // Node declares its web streams separately from those of the DOM library.
    const body = Readable.toWeb(unpacked(answer)) as ReadableStream<Uint8Array>
    return new Response(body, { status, headers })
  }
  answer.resume()
  return new Response(null, { status, headers })
}
