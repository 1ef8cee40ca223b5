/** `entrada/express`: for Express 5, and anything else with its middleware. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Entrada } from '../entrada.ts'
import type { Needed } from './decide-access.ts'
import { pathOf, sendResponse, toNodeListener, withoutBody } from './node.ts'
import { keepSession } from './session-of.ts'

export type { Needed } from './decide-access.ts'
export { sessionOf } from './session-of.ts'

/** The part of Express that this file uses. */
export type ExpressMiddleware = (
  request: IncomingMessage & { readonly originalUrl?: string },
  response: ServerResponse,
  next: (error?: unknown) => void,
) => void

/** Serves Entrada's own addresses. Use it before any body parser, because it reads the bodies of its forms itself. */
export function mountEntrada(entrada: Entrada): ExpressMiddleware {
  const listener = toNodeListener(entrada)
  return (request, response, next) => {
    const [path = ''] = pathOf(request).split('?')
    if (entrada.handles(path)) listener(request, response).catch(next)
    else next()
  }
}

/** Lets users pass who are signed in, with their session in `sessionOf(request)`. */
export function requireSession(entrada: Entrada, needed: Needed = {}): ExpressMiddleware {
  const check = async (...[request, response, next]: Parameters<ExpressMiddleware>) => {
    const access = await entrada.decideAccess(withoutBody(request), needed)
    if (access.kind === 'refused') return sendResponse(access.response, response)
    keepSession(request, access.session)
    response.setHeader('cache-control', 'private, no-store')
    next()
  }
  return (request, response, next) => void check(request, response, next).catch(next)
}

/** Lets users pass who have this role, or one of several. */
export function requireRole(
  entrada: Entrada,
  role: string | readonly string[],
  needed: Omit<Needed, 'roles'> = {},
): ExpressMiddleware {
  return requireSession(entrada, { ...needed, roles: [role].flat() })
}
