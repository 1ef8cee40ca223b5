/** `entrada/fastify`: for Fastify 5. */
import type { IncomingMessage } from 'node:http'
import type { Entrada } from '../entrada.ts'
import type { Needed } from './decide-access.ts'
import { pathOf, toRequest, withoutBody } from './node.ts'
import { keepSession } from './session-of.ts'

export type { Needed } from './decide-access.ts'
export { sessionOf } from './session-of.ts'

/** The parts of Fastify that are needed here. */
export type FastifyRequest = { readonly raw: IncomingMessage; readonly originalUrl: string }
export type FastifyReply = {
  header(name: string, value: string): unknown
  send(payload: Response): unknown
}
export type FastifyHook = (request: FastifyRequest, reply: FastifyReply) => Promise<unknown>
export type FastifyInstance = { addHook(name: 'onRequest', hook: FastifyHook): unknown }

/** A plugin with Entrada's own addresses: `app.register(mountEntrada(entrada))`. It answers before any body is parsed. */
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
  // As `fastify-plugin` does: for the whole application, not for the routes of this plugin, of which it has none.
  return Object.assign(plugin, { [Symbol.for('skip-override')]: true })
}

/** A `preHandler` that lets signed-in people through, with their session in `sessionOf(request)`. */
export function requireSession(entrada: Entrada, needed: Needed = {}): FastifyHook {
  return async (request, reply) => {
    const access = await entrada.decideAccess(withoutBody(incomingOf(request)), needed)
    if (access.kind === 'refused') return reply.send(access.response)
    keepSession(request, access.session)
    reply.header('cache-control', 'private, no-store')
    return undefined
  }
}

/** A `preHandler` that lets people with this role through, or with one of several. */
export function requireRole(
  entrada: Entrada,
  role: string | readonly string[],
  needed: Omit<Needed, 'roles'> = {},
): FastifyHook {
  return requireSession(entrada, { ...needed, roles: [role].flat() })
}

/** Fastify may have been told to rewrite addresses. */
function incomingOf({ raw, originalUrl }: FastifyRequest) {
  return Object.assign(raw, { originalUrl })
}
