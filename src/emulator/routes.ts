import { type Context, Hono } from 'hono'
import { html } from 'hono/html'
import { adminConsent } from './admin-consent.ts'
import { addAdministrationRoutes } from './administration/administration-routes.ts'
import { answerDeviceRequest } from './answer-device-request.ts'
import { answerTokenRequest } from './answer-token-request.ts'
import { authorize, choosePerson } from './authorize.ts'
import { answerDevicePage, sendDevicePage } from './device-page.ts'
import { discoveryDocument, discoveryDocumentOfVersion1, issuerOf } from './discovery.ts'
import { endSession } from './end-session.ts'
import {
  type AddressedExchange,
  type Exchange,
  readExchange,
  withoutEmptyParameters,
} from './exchange.ts'
import type { Endpoint } from './faults.ts'
import { federationDiscovery, federationKeys } from './federation-issuer.ts'
import { findAuthority } from './find-in-directory.ts'
import { addGraphRoutes } from './graph/graph-routes.ts'
import type { EmulatorHandles } from './handles.ts'
import { icon } from './icon.ts'
import { answerInstanceDiscovery } from './instance-discovery.ts'
import { withMembersFault } from './members-fault.ts'
import { sendPage, sendRefusalPage } from './pages.ts'
import { anyRefusal, refusal, refusalResponse } from './refusals.ts'
import { rememberRequest } from './request-log.ts'
import { toPublishedJwk } from './signing-keys.ts'
import type { EmulatorState } from './state.ts'
import { stylesheet } from './stylesheet.ts'
import { answerDespiteFault } from './transport-faults.ts'

type Answer = (state: EmulatorState, exchange: AddressedExchange) => Promise<Response>

/** Creates all routes of the emulator. */
export function createRoutes(state: EmulatorState, handles: EmulatorHandles): Hono {
  const app = new Hono()
  const at = (endpoint: Endpoint, answer: Answer) => addressed(state, { endpoint, answer })

  app.get('/common/discovery/instance', async ({ req }) =>
    answerInstanceDiscovery(state, await noted(state, 'discovery', req.raw)),
  )
  app.get('/:tenant/v2.0/.well-known/openid-configuration', at('discovery', discovery))
  app.get('/:tenant/.well-known/openid-configuration', at('discovery', discoveryOfVersion1))
  app.get('/:tenant/discovery/v2.0/keys', at('keys', keys))
  app.get('/:tenant/discovery/keys', at('keys', keys))
  app.on(['GET', 'POST'], '/:tenant/oauth2/v2.0/authorize', at('authorize', authorize))
  app.post('/:tenant/oauth2/v2.0/authorize/choose', at('picker', choosePerson))
  app.all('/:tenant/oauth2/v2.0/token', at('token', answerTokenRequest))
  app.all('/:tenant/oauth2/v2.0/devicecode', at('devicecode', answerDeviceRequest))
  app.get('/device', ({ req }) => sendDevicePage(req.query('otc') ?? ''))
  app.post('/device', async ({ req }) =>
    answerDevicePage(state, await noted(state, 'other', req.raw)),
  )
  app.on(['GET', 'POST'], '/:tenant/oauth2/v2.0/logout', at('logout', endSession))
  app.on(['GET', 'POST'], '/:tenant/v2.0/adminconsent', at('adminconsent', adminConsent))
  addGraphRoutes(app, state)
  addAdministrationRoutes(app, state, handles)

  const issuer = '/emulator/issuer'
  app.get(`${issuer}/.well-known/openid-configuration`, () =>
    Response.json(federationDiscovery(state.origin)),
  )
  app.get(`${issuer}/keys`, async () => Response.json(await federationKeys(state)))

  app.get('/emulator/style.css', () => sendText(stylesheet, 'text/css; charset=utf-8'))
  app.get('/emulator/icon.svg', () => sendText(icon, 'image/svg+xml'))
  app.get('/error', (context) => explainError(state, context.req.raw))
  app.get('/', () => sendFrontPage(state))
  app.notFound((context) => sendNotFound(state, context.req.raw))
  return app
}

function addressed(
  state: EmulatorState,
  { endpoint, answer }: { readonly endpoint: Endpoint; readonly answer: Answer },
): (context: Context) => Promise<Response> {
  return async (context) => {
    const received = await readExchange(state, context.req.raw)
    rememberRequest(state, endpoint, received)
    const exchange = withoutEmptyParameters(received)
    const authority = findAuthority(state.directory, context.req.param('tenant') ?? '')
    if (authority === undefined) return sendUnknownTenant(state, endpoint, exchange)

    // The token endpoint applies its faults itself, because it knows which person the code is about.
    if (endpoint === 'token') return answer(state, { ...exchange, authority })
    const call = { hit: { on: endpoint, names: [] }, request: exchange.request }
    return answerDespiteFault(state, call, () => answer(state, { ...exchange, authority }))
  }
}

/** Reads a request whose address names no tenant, and stores it in the log for the administration. */
async function noted(
  state: EmulatorState,
  endpoint: Endpoint,
  request: Request,
): Promise<Exchange> {
  const exchange = await readExchange(state, request)
  rememberRequest(state, endpoint, exchange)
  return exchange
}

function sendUnknownTenant(
  state: EmulatorState,
  endpoint: Endpoint,
  { trace }: Exchange,
): Response | Promise<Response> {
  const unknown = refusal(90002)
  if (endpoint === 'discovery' || endpoint === 'keys') {
    return refusalResponse({ ...unknown, error: 'invalid_tenant' }, state.origin, trace)
  }
  if (endpoint === 'token' || endpoint === 'devicecode') {
    return refusalResponse(unknown, state.origin, trace)
  }
  return sendRefusalPage(unknown, trace)
}

function discovery(state: EmulatorState, exchange: AddressedExchange): Promise<Response> {
  return sendDiscovery(state, exchange, discoveryDocument(state.origin, exchange.authority))
}

function discoveryOfVersion1(state: EmulatorState, exchange: AddressedExchange): Promise<Response> {
  const document = discoveryDocumentOfVersion1(state.origin, exchange.authority)
  return sendDiscovery(state, exchange, document)
}

async function sendDiscovery(
  state: EmulatorState,
  exchange: AddressedExchange,
  document: Readonly<Record<string, unknown>>,
): Promise<Response> {
  const sent = withMembersFault(state, { on: 'discovery', names: [] }, document)
  return Response.json(sent, { headers: metadataHeaders(exchange) })
}

async function keys(state: EmulatorState, exchange: AddressedExchange): Promise<Response> {
  const issuer = issuerOf(state.origin)
  const published = await state.keys.published()
  const list = { keys: published.map((key) => toPublishedJwk(key, issuer)) }
  const sent = withMembersFault(state, { on: 'keys', names: [] }, list)
  return Response.json(sent, { headers: metadataHeaders(exchange) })
}

function metadataHeaders({ trace }: Exchange): Record<string, string> {
  return {
    'Content-Type': 'application/json; charset=utf-8',
    'Cache-Control': 'max-age=86400, private',
    'x-ms-request-id': trace.traceId,
    'x-ms-ests-server': '2.1.0 - emulator',
    'Set-Cookie': 'fpc=emulator; Path=/; HttpOnly; SameSite=Lax',
  }
}

function sendText(text: string, type: string): Response {
  return new Response(text, { headers: { 'Content-Type': type } })
}

async function explainError(state: EmulatorState, request: Request): Promise<Response> {
  const { trace, parameters } = await readExchange(state, request)
  const code = Number(parameters.get('code'))
  if (!Number.isSafeInteger(code)) return sendNotFound(state, request)
  const { text } = anyRefusal(code, 'invalid_request')
  const body = html`<p>${text}</p><pre>${trace.at.toISOString()}</pre>`
  return sendPage({ title: `AADSTS${code}`, body })
}

function sendFrontPage({ directory, origin }: EmulatorState): Promise<Response> {
  return sendPage({
    title: 'A small Entra ID',
    body: html`
      <p>It signs in made-up people, for development and tests. Start at your application.</p>
      <p><a class="button" href="/emulator">Administer</a> <a class="button" href="/device">Enter the code of a device</a></p>
      ${directory.tenants.map(({ id, displayName, users }) => {
        const document = `${origin}/${id}/v2.0/.well-known/openid-configuration`
        return html`<h2>${displayName}: ${users.length} people</h2><p><a href="${document}">${id}</a></p>`
      })}
      ${directory.applications.map(({ clientId, displayName }) => html`<h2>${displayName}</h2><p>${clientId}</p>`)}`,
  })
}

async function sendNotFound(state: EmulatorState, request: Request): Promise<Response> {
  rememberRequest(state, 'other', await readExchange(state, request))
  return sendPage({
    title: 'Nothing here',
    status: 404,
    body: html`<p>The emulator has no such address.</p>`,
  })
}
