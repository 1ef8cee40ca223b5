/** `entrada/fastify`: for Fastify 5. */
import type { IncomingMessage } from 'node:http'
import type { Entrada } from '../entrada.ts'
import type { Needed } from './decide-access.ts'
import { pathOf, toRequest, withoutBody } from './node.ts'
import { keepSession } from './session-of.ts'

export type { Needed } from './decide-access.ts'
export { sessionOf } from './session-of.ts'

/** The parts of Fastify that this file uses. */
export type FastifyRequest = { readonly raw: IncomingMessage; readonly originalUrl: string }
export type FastifyReply = {
  header(name: string, value: string): unknown
  send(payload: Response): unknown
}
export type FastifyHook = (request: FastifyRequest, reply: FastifyReply) => Promise<unknown>
export type FastifyInstance = { addHook(name: 'onRequest', hook: FastifyHook): unknown }

/** Returns a plugin with Entrada's own addresses: `app.register(mountEntrada(entrada))`. It answers before any body is parsed. */
export function mountEntrada(entrada: Entrada): (app: FastifyInstance) => Promise<void> {
  const plugin = async (app: FastifyInstance) => {
    app.addHook('onRequest', async (request, reply) => {
      const incoming = incomingOf(request)
      const [path = ''] = pathOf(incoming).split('?')
      if (!entrada.handles(path)) return undefined
      const { remoteAddress } = incoming.socket
      const remote = remoteAddress === undefined ? {} : { remoteAddress }
      return reply.send(await entrada.fetch(toRequest(incoming), remote))
    })
  }
  // `fastify-plugin` sets the same symbol: the hook then applies to the whole application, not only to routes of this plugin, which
  // has none.
  return Object.assign(plugin, { [Symbol.for('skip-override')]: true })
}

/** Returns a `preHandler` that lets users pass who are signed in, with their session in `sessionOf(request)`. */
export function requireSession(entrada: Entrada, needed: Needed = {}): FastifyHook {
  return async (request, reply) => {
    const access = await entrada.decideAccess(withoutBody(incomingOf(request)), needed)
    if (access.kind === 'refused') return reply.send(access.response)
    keepSession(request, access.session)
    reply.header('cache-control', 'private, no-store')
    return undefined
  }
}

/** Returns a `preHandler` that lets users pass who have this role, or one of several. */
export function requireRole(
  entrada: Entrada,
  role: string | readonly string[],
  needed: Omit<Needed, 'roles'> = {},
): FastifyHook {
  return requireSession(entrada, { ...needed, roles: [role].flat() })
}

/** Fastify may be configured to rewrite addresses. */
function incomingOf({ raw, originalUrl }: FastifyRequest) {
  return Object.assign(raw, { originalUrl })
}
