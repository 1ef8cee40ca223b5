import { once } from 'node:events'
import { request as httpRequest, type IncomingMessage } from 'node:http'
import type { Site } from './browser.ts'

/** A site for the test browser behind a real port, whatever name its requests say. As `fetch`, but sends `Sec-Fetch-…` as given. */
export function httpSite(port: number, localAddress = '127.0.0.1'): Site {
  return async (request) => {
    const { pathname, search } = new URL(request.url)
    const sent = httpRequest({
      host: '127.0.0.1',
      port,
      localAddress,
      agent: false,
      method: request.method,
      path: pathname + search,
      headers: Object.fromEntries(request.headers),
    })
    sent.end(Buffer.from(await request.arrayBuffer()))
    const [answer] = (await once(sent, 'response')) as [IncomingMessage] // the event's one argument
    return toResponse(answer)
  }
}

export async function toResponse(answer: IncomingMessage): Promise<Response> {
  const chunks: Buffer[] = []
  for await (const chunk of answer) chunks.push(chunk)
  const headers = new Headers()
  for (const [name, values] of Object.entries(answer.headersDistinct)) {
    for (const value of values ?? []) headers.append(name, value)
  }
  const body = Buffer.concat(chunks)
  return new Response(body.length > 0 ? body : null, { status: answer.statusCode ?? 0, headers })
}
