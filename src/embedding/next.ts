/** `entrada/next`: for route handlers, server components and the proxy of Next.js. */
import type { Entrada } from '../entrada.ts'
import type { UserSession } from '../session/session-json.ts'
import type { Needed } from './decide-access.ts'

export type { Needed } from './decide-access.ts'

/** The instance, or a function that creates it on first use: `next build` loads every file, and has no secrets. */
export type EntradaSource = Entrada | (() => Entrada)

export type RouteHandler = (request: Request) => Promise<Response>

/** Returns what a file `route.ts` exports: `export const { GET, POST, PUT, PATCH, DELETE } = routeHandlers(entrada)`. */
export function routeHandlers(entrada: EntradaSource): {
  readonly GET: RouteHandler
  readonly POST: RouteHandler
  readonly PUT: RouteHandler
  readonly PATCH: RouteHandler
  readonly DELETE: RouteHandler
} {
  const answer: RouteHandler = (request) => instanceOf(entrada).fetch(request)
  return { GET: answer, POST: answer, PUT: answer, PATCH: answer, DELETE: answer }
}

/** Returns the session in a server component or action: `await getSession(entrada, await headers())`. Each call is one look-up. */
export function getSession(
  entrada: EntradaSource,
  headers: Pick<Headers, 'get'>,
): Promise<UserSession | undefined> {
  const copied = ['host', 'cookie'].flatMap((name) => {
    const value = headers.get(name)
    return value === null ? [] : [[name, value] as [string, string]]
  })
  return instanceOf(entrada).getSession(new Request('http://localhost/', { headers: copied }))
}

/** Wraps a route handler so that only users who are signed in reach it. */
export function requireSession<R extends Request, C>(
  entrada: EntradaSource,
  answer: (request: R, session: UserSession, context: C) => Response | Promise<Response>,
  needed: Needed = {},
): (request: R, context: C) => Promise<Response> {
  return async (request, context) => {
    const access = await instanceOf(entrada).decideAccess(request, needed)
    if (access.kind === 'refused') return access.response
    return notStored(await answer(request, access.session, context))
  }
}

/** Wraps a route handler so that only users who have this role, or one of several, reach it. */
export function requireRole<R extends Request, C>(
  entrada: EntradaSource,
  role: string | readonly string[],
  answer: (request: R, session: UserSession, context: C) => Response | Promise<Response>,
  needed: Omit<Needed, 'roles'> = {},
): (request: R, context: C) => Promise<Response> {
  return requireSession(entrada, answer, { ...needed, roles: [role].flat() })
}

function instanceOf(entrada: EntradaSource): Entrada {
  return typeof entrada === 'function' ? entrada() : entrada
}

/**
 * Responses are not stored by caches unless the handler allows it. A response that cannot be changed, such as a redirect, is
 * copied.
 */
function notStored(response: Response): Response {
  if (response.headers.has('cache-control')) return response
  const changed = new Response(response.body, response)
  changed.headers.set('cache-control', 'private, no-store')
  return changed
}
