/** One small application, written for each framework: `/` is public, `/reports` is for signed-in users, `/accounts` for a role. */
import { once } from 'node:events'
import { createServer, type RequestListener, type Server } from 'node:http'
import express from 'express'
import Fastify from 'fastify'
import { Hono } from 'hono'
import * as forExpress from '../../src/embedding/express.ts'
import * as forFastify from '../../src/embedding/fastify.ts'
import * as forHono from '../../src/embedding/hono.ts'
import * as forNext from '../../src/embedding/next.ts'
import { sendResponse, toNodeListener, toRequest } from '../../src/embedding/node.ts'
import type { Entrada } from '../../src/entrada.ts'
import type { UserSession } from '../../src/session/session-json.ts'
import type { Site } from '../support/browser.ts'
import { httpSite } from '../support/http-site.ts'

export type Owner = { after(close: () => unknown): void }
export type EmbeddingHost = (owner: Owner, entrada: Entrada) => Promise<Site>

export const ROLE = 'accountant'

export const greeting = ({ membership }: UserSession) => `Hello ${membership.displayName}`

export const embeddingHosts: Readonly<Record<string, EmbeddingHost>> = {
  'plain fetch': async (_owner, entrada) => (request) => plainApplication(entrada, request),
  'node:http': async (owner, entrada) => {
    const listener = toNodeListener(entrada)
    return listen(owner, async (incoming, outgoing) => {
      const request = toRequest(incoming)
      if (entrada.handles(new URL(request.url).pathname)) return listener(incoming, outgoing)
      return sendResponse(await plainApplication(entrada, request), outgoing)
    })
  },
  Hono: async (_owner, entrada) => {
    const app = new Hono()
    app.use(forHono.mountEntrada(entrada))
    app.get('/', (c) => c.text('open to all'))
    const { requireSession, requireRole, sessionOf } = forHono
    app.all('/reports', requireSession(entrada), (c) => c.text(greeting(sessionOf(c))))
    app.get('/accounts', requireRole(entrada, ROLE), (c) => c.text(greeting(sessionOf(c))))
    return async (request) => app.fetch(request)
  },
  Express: async (owner, entrada) => {
    const app = express()
    app.use(forExpress.mountEntrada(entrada))
    app.use(express.json(), express.urlencoded())
    app.get('/', (_request, response) => void response.send('open to all'))
    const { requireSession, requireRole, sessionOf } = forExpress
    app.all('/reports', requireSession(entrada), (request, response) => {
      response.send(greeting(sessionOf(request)))
    })
    app.get('/accounts', requireRole(entrada, ROLE), (request, response) => {
      response.send(greeting(sessionOf(request)))
    })
    return listen(owner, app)
  },
  Fastify: async (owner, entrada) => {
    const app = Fastify()
    app.register(forFastify.mountEntrada(entrada))
    app.get('/', async () => 'open to all')
    const { requireSession, requireRole, sessionOf } = forFastify
    app.all('/reports', { preHandler: requireSession(entrada) }, async (request) =>
      greeting(sessionOf(request)),
    )
    app.get('/accounts', { preHandler: requireRole(entrada, [ROLE]) }, async (request) =>
      greeting(sessionOf(request)),
    )
    await app.listen({ port: 0, host: '127.0.0.1' })
    owner.after(() => app.close())
    return httpSite(portOf(app.server))
  },
  'Next.js route handlers': async (_owner, entrada) => {
    const { GET, POST, DELETE } = forNext.routeHandlers(entrada)
    const own: Readonly<Record<string, (request: Request) => Promise<Response>>> = {
      GET,
      POST,
      DELETE,
    }
    const answer = (_request: Request, session: UserSession) => new Response(greeting(session))
    const reports = forNext.requireSession(entrada, answer)
    const accounts = forNext.requireRole(entrada, ROLE, answer)
    return async (request) => {
      const { pathname } = new URL(request.url)
      if (pathname === '/reports') return reports(request, {})
      if (pathname === '/accounts') return accounts(request, {})
      if (pathname === '/') return new Response('open to all')
      return own[request.method]?.(request) ?? new Response(null, { status: 405 })
    }
  },
}

async function plainApplication(entrada: Entrada, request: Request): Promise<Response> {
  const { pathname } = new URL(request.url)
  if (entrada.handles(pathname)) return entrada.fetch(request)
  if (pathname === '/') return new Response('open to all')
  const access = await entrada.decideAccess(
    request,
    pathname === '/accounts' ? { roles: [ROLE] } : {},
  )
  if (access.kind === 'refused') return access.response
  // What the frameworks' own parts do by themselves.
  return new Response(greeting(access.session), { headers: { 'cache-control': 'no-store' } })
}

async function listen(owner: Owner, listener: RequestListener): Promise<Site> {
  const server = createServer(listener).listen(0, '127.0.0.1')
  await once(server, 'listening')
  owner.after(() => server.close())
  return httpSite(portOf(server))
}

function portOf(server: Server): number {
  const address = server.address()
  return typeof address === 'object' && address !== null ? address.port : 0
}
