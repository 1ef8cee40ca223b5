/** `entrada/hono`: for Hono 4. */
import type { Entrada } from '../entrada.ts'
import type { RemoteInfo } from '../http/exchange.ts'
import { parseRequestTarget } from '../http/request-target.ts'
import type { Needed } from './decide-access.ts'
import { keepSession } from './session-of.ts'

export type { Needed } from './decide-access.ts'
export { sessionOf } from './session-of.ts'

/** The part of Hono that this file uses, so that any copy of Hono in the application fits. */
export type HonoContext = { readonly req: { readonly raw: Request }; readonly res: Response }
export type HonoMiddleware = (
  context: HonoContext,
  next: () => Promise<void>,
) => Promise<Response | undefined>

/** Serves Entrada's own addresses. Use it before any middleware that reads bodies. */
export function mountEntrada(entrada: Entrada): HonoMiddleware {
  return async (context, next) => {
    const { raw } = context.req
    if (entrada.handles(new URL(raw.url).pathname)) return entrada.fetch(raw, remoteOf(context))
    await next()
    return undefined
  }
}

/** Lets users pass who are signed in, with their session in `sessionOf(context)`. */
export function requireSession(entrada: Entrada, needed: Needed = {}): HonoMiddleware {
  return async (context, next) => {
    const access = await entrada.decideAccess(requestOf(context), needed)
    if (access.kind === 'refused') return access.response
    keepSession(context, access.session)
    await next()
    const { headers } = context.res
    if (!headers.has('cache-control')) headers.set('cache-control', 'private, no-store')
    return undefined
  }
}

/** Lets users pass who have this role, or one of several. */
export function requireRole(
  entrada: Entrada,
  role: string | readonly string[],
  needed: Omit<Needed, 'roles'> = {},
): HonoMiddleware {
  return requireSession(entrada, { ...needed, roles: [role].flat() })
}

/** The connection is known with `@hono/node-server` only; on other platforms the result is empty. */
function remoteOf(context: object): RemoteInfo {
  const { env } = context as { readonly env?: { readonly incoming?: NodeIncoming } } // each member is checked
  const remoteAddress = env?.incoming?.socket?.remoteAddress
  const target = env?.incoming?.url
  return {
    ...(typeof remoteAddress === 'string' ? { remoteAddress } : {}),
    ...(typeof target === 'string' ? { target } : {}),
  }
}
type NodeIncoming = {
  readonly socket?: { readonly remoteAddress?: unknown }
  readonly url?: unknown
}

/** Returns the request for a check, which reads no body. The host of an absolute request target replaces `Host`. */
function requestOf(context: HonoContext): Request {
  const { raw } = context.req
  const { authority } = parseRequestTarget(remoteOf(context).target ?? '')
  if (authority === undefined) return raw
  const headers = new Headers(raw.headers)
  headers.set('host', authority)
  return new Request(raw.url, { method: raw.method, headers })
}
