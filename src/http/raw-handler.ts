/**
 * Handlers that work on Node's own request and response. `/auth/verify` and `/api/v1/session` are called for every request of an
 * application, and a Web `Request`, the router and a Web `Response` would take most of their time.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { hostOf, type RequestTarget } from './request-target.ts'

export type RawHandler = {
  /** Whether the handler wants this request. */
  takes(incoming: IncomingMessage): boolean
  /** Answers, or leaves the request untouched for the router. Never rejects. */
  answer(incoming: IncomingMessage, outgoing: ServerResponse): Promise<'answered' | 'left'>
}

/** Requests whose cookie is of no session, as a handler found out that then left them to the router. */
const withoutSession = new WeakSet<object>()

/** Notes that the cookie of a request is of no session, so that the router does not look it up again. */
export function noteNoSession(incoming: IncomingMessage): void {
  withoutSession.add(incoming)
}

/** Returns whether a handler has found out that the cookie of a request is of no session. */
export function hasNoSession(incoming: object): boolean {
  return withoutSession.has(incoming)
}

/** Returns one handler that asks each of `handlers` in turn. */
export function firstThatTakes(handlers: readonly RawHandler[]): RawHandler {
  return {
    takes: (incoming) => handlers.some((handler) => handler.takes(incoming)),
    async answer(incoming, outgoing) {
      const handler = handlers.find((candidate) => candidate.takes(incoming))
      return handler === undefined ? 'left' : handler.answer(incoming, outgoing)
    },
  }
}

/** Returns the host that a request names. Node's `headers` keep only the first of two `Host` headers; here both are returned, joined. */
export function rawHostOf(
  { rawHeaders }: Pick<IncomingMessage, 'rawHeaders'>,
  target: RequestTarget,
): string | undefined {
  const hosts = rawHeaders.filter(
    (_, index) => index % 2 === 1 && rawHeaders[index - 1]?.toLowerCase() === 'host',
  )
  return hostOf(target, hosts.length === 0 ? undefined : hosts.join(', '))
}
