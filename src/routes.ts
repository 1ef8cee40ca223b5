/** Every address of Entrada in one list. docs/reference/addresses.md is made from it. */
import { Hono } from 'hono'
import { adminPages } from './admin/pages/admin-pages.ts'
import { apiRoutes } from './api/api-routes.ts'
import { finishAttempt } from './callback.ts'
import { EntradaError } from './errors/errors.ts'
import { showAccess, showTokenKeys } from './forward-auth/verify-access.ts'
import { assetResponse } from './http/assets.ts'
import type { Exchange } from './http/exchange.ts'
import { showAlive, showReady } from './http/health.ts'
import type { LimitName } from './http/rate-limit.ts'
import { SERVER_PATH, showServer } from './http/show-server.ts'
import { showMetrics } from './metrics/metrics-page.ts'
import type { Services } from './services.ts'
import { showOperatorTest, startOperatorTest } from './setup/operator-test.ts'
import { changeSetup } from './setup/setup-actions.ts'
import { downloadCertificate, showSetupTest } from './setup/setup-files.ts'
import { openSetupLink, showSetupLink } from './setup/setup-link-page.ts'
import { showSetup } from './setup/setup-page.ts'
import { endOwnSession, showAccount, showHome } from './sign-in/account-pages.ts'
import {
  findSignIn,
  initiateSignIn,
  initiateSignInByPost,
  showOrganizationQuestion,
} from './sign-in/find-sign-in.ts'
import { showLogin } from './sign-in/login-page.ts'
import { showOperatorSignIn, signInWithOperatorToken } from './sign-in/operator-sign-in.ts'
import { startSignIn, startSignInAt } from './sign-in/sign-in.ts'
import { frontChannelSignOut, showSignOut, signOut } from './sign-in/sign-out.ts'

export type Route = {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE' | 'ALL'
  readonly path: string
  readonly does: string
  /** How a refusal is answered. `health` and `proxy` are also answered on hosts that are not configured; `proxy` refuses by itself. */
  readonly speaks: 'page' | 'json' | 'health' | 'proxy'
  /** Whether a request starts or spends something. Then HEAD is refused, which browsers and scanners send to look first. */
  readonly acts?: true
  readonly answer: (services: Services, exchange: Exchange) => Promise<Response>
  /** The limit per client address; see `rate-limit.ts`. */
  readonly limit?: LimitName
}

const page = (
  method: Route['method'],
  path: string,
  answer: Route['answer'],
  does: string,
): Route => ({
  method,
  path,
  does,
  speaks: 'page',
  answer,
})

const acting = (limit: LimitName, ...parameters: Parameters<typeof page>): Route => ({
  ...page(...parameters),
  acts: true,
  limit,
})

/** A route for proxies. It has no limit by address, because all requests of an application come from its proxy. */
const forProxies = (...parameters: Parameters<typeof page>): Route => ({
  ...page(...parameters),
  speaks: 'proxy',
})

const setupRoutes: readonly Route[] = [
  {
    ...page(
      'GET',
      '/setup/link/:token',
      showSetupLink,
      'A set-up link: shows one button and changes nothing. Its address is redacted in the log.',
    ),
    limit: 'setup',
  },
  {
    ...page(
      'POST',
      '/setup/link',
      openSetupLink,
      'Exchanges the token of a set-up link for a cookie: 303 to `/setup`.',
    ),
    limit: 'setup',
  },
  page('GET', '/setup', showSetup, 'The page behind a set-up link: connects a directory.'),
  {
    ...page('POST', '/setup', changeSetup, 'Receives the forms of that page; `do` names the form.'),
    limit: 'setup',
  },
  page(
    'GET',
    '/setup/certificate/:name',
    downloadCertificate,
    'The certificate made for a connection, `entrada.cer` or `entrada.pem`, to upload in Entra.',
  ),
  page(
    'GET',
    '/setup/test/:id',
    showSetupTest,
    'The result of a test sign-in, for the browser that started it.',
  ),
  page(
    'POST',
    '/admin/connections/:id/test',
    startOperatorTest,
    'Operators: a test sign-in through a connection, 303 to Entra. `credential`: only with this credential. `account=other`.',
  ),
  page(
    'GET',
    '/admin/tests/:id',
    showOperatorTest,
    'Operators: the result of a test sign-in of theirs.',
  ),
]

export const routes: readonly Route[] = [
  page('GET', '/', showHome, 'Signed in: who you are, sign out. Otherwise 303 to `/login`.'),
  page('GET', '/login', showLogin, 'Login page. `return_to`: a path to come back to.'),
  acting(
    'sign_in_start',
    'POST',
    '/login',
    findSignIn,
    'Finds the user’s connection and redirects to Entra. `who`: a work email, or a short name; `return_to`.',
  ),
  page(
    'GET',
    '/login/organization',
    showOrganizationQuestion,
    'Asks which organization the user belongs to. `return_to`.',
  ),
  acting(
    'sign_in_start',
    'GET',
    '/login/initiate',
    initiateSignIn,
    'Third-party-initiated login: 303 to Entra, or to `/login/organization`. `iss`, `login_hint`, `target_link_uri`.',
  ),
  acting(
    'sign_in_start',
    'POST',
    '/login/initiate',
    initiateSignInByPost,
    'The same as a form of another site: 303 to the GET. It uses up no attempt and ends no session.',
  ),
  page('GET', '/login/token', showOperatorSignIn, 'Sign-in page for the operator token.'),
  page('POST', '/login/token', signInWithOperatorToken, 'Opens an operator session of one hour.'),
  acting(
    'sign_in_start',
    'GET',
    '/auth/entra/login',
    startSignIn,
    'Starts a sign-in: 303 to Entra. `return_to`, `login_hint`.',
  ),
  acting(
    'sign_in_return',
    'GET',
    '/auth/entra/callback',
    finishAttempt,
    'Redirect URI, to be registered in Entra under Web.',
  ),
  acting(
    'front_channel_sign_out',
    'GET',
    '/auth/entra/frontchannel-logout',
    frontChannelSignOut,
    'Front-channel logout URL for Entra. `sid`.',
  ),
  acting(
    'sign_in_start',
    'GET',
    '/enterprise-login/:slug',
    startSignInAt,
    "A customer's login address, and the home page URL of the tile in My Apps: 303 to Entra. `return_to`, `login_hint`.",
  ),
  acting(
    'sign_in_return',
    'GET',
    '/login/callback',
    finishAttempt,
    "Redirect URI of a customer's connection, to be registered in Entra under Web. `connection`.",
  ),
  acting(
    'front_channel_sign_out',
    'GET',
    '/auth/:connection/frontchannel-logout',
    frontChannelSignOut,
    "Front-channel logout URL of a customer's connection. `sid`.",
  ),
  ...setupRoutes,
  page('GET', '/auth/logout', showSignOut, 'Asks whether to sign out.'),
  page(
    'POST',
    '/auth/logout',
    signOut,
    "Ends the session; `end=microsoft` goes on to Microsoft's sign-out.",
  ),
  forProxies(
    'GET',
    '/auth/verify',
    showAccess,
    'For reverse proxies: 204 with `X-Auth-Request-…` headers, 401 or 403; see docs/forward-auth.md. `sign_in=redirect`.',
  ),
  forProxies('ALL', '/auth/verify/*', showAccess, 'The same for Envoy, which appends its path.'),
  forProxies('GET', '/auth/keys', showTokenKeys, 'Keys of the signed tokens (JWK set).'),
  {
    method: 'GET',
    path: SERVER_PATH,
    does: 'Identifies the server, for the command line and `entrada doctor`. To a caller that proves that it knows the operator token, it also describes how the request arrived.',
    speaks: 'json',
    answer: showServer,
    limit: 'api_address',
  },
  page(
    'GET',
    '/auth/assets/:name',
    showAsset,
    'Stylesheets, script, favicon and logo of the pages.',
  ),
  page('GET', '/account', showAccount, 'The sessions of the signed-in user.'),
  page('POST', '/account', endOwnSession, 'Ends one of these sessions.'),
  ...adminPages,
  ...apiRoutes,
  {
    method: 'GET',
    path: '/metrics',
    does: 'Operators: metrics as Prometheus reads them, see metrics.md. Without a token on `ENTRADA_METRICS_LISTEN`.',
    speaks: 'json',
    answer: showMetrics,
    limit: 'api_address',
  },
  { method: 'GET', path: '/healthz', does: 'Alive.', speaks: 'health', answer: showAlive },
  {
    method: 'GET',
    path: '/readyz',
    does: 'Ready: database and schema.',
    speaks: 'health',
    answer: showReady,
  },
]

/** Under a mount path, the start page also answers at the path without a slash. */
function spellings(mountPath: string, path: string): string[] {
  return path === '/' && mountPath !== '' ? [mountPath, `${mountPath}/`] : [mountPath + path]
}

export type Router = (services: Services, exchange: Exchange) => Promise<Response>

type RouterEnv = { Bindings: { readonly services: Services; readonly exchange: Exchange } }

/** Finds the route of a request and answers. @throws {EntradaError} those of the route; `page_not_found`, `method_not_allowed` */
export function createRouter(mountPath: string): Router {
  const app = new Hono<RouterEnv>({ strict: true })
  for (const { method, path, answer, acts, limit } of routes) {
    app.on(method, spellings(mountPath, path), async ({ env: { services, exchange }, req }) => {
      exchange.matched.path = path
      if (acts && req.raw.method === 'HEAD') throw methodNotAllowed(path)
      if (limit) await services.limits.spend(limit, exchange.client.ip)
      return answer(services, { ...exchange, params: req.param() })
    })
  }
  for (const path of new Set(routes.map((route) => route.path))) {
    app.on('ALL', spellings(mountPath, path), () => {
      throw methodNotAllowed(path)
    })
  }
  app.notFound(() => {
    throw new EntradaError('page_not_found')
  })
  app.onError((error) => {
    throw error
  })
  return async (services, exchange) => app.fetch(exchange.request, { services, exchange })
}

/** Returns whether an address belongs to Entrada. If Entrada is mounted at the root, `/` belongs to the application. */
export function isOurAddress(path: string, mountPath: string): boolean {
  if (mountPath !== '') return path === mountPath || path.startsWith(`${mountPath}/`)
  return path !== '/' && ourAddresses.test(path)
}

const ourAddresses = new RegExp(
  `^(${[...new Set(routes.map(({ path }) => path.replace(/:\w+/g, '[^/]+').replace(/\*$/, '.*')))].join('|')})$`,
)

/** Returns how an address answers a refusal. An unknown address answers like the API under `/api/`, and like a page elsewhere. */
export function speaksAt(path: string, mountPath: string): Route['speaks'] {
  const own = path.startsWith(mountPath) ? path.slice(mountPath.length) : path
  const exact = routes.find(
    ({ path }) => path === own || (path.endsWith('/*') && own.startsWith(path.slice(0, -1))),
  )
  return exact?.speaks ?? (own.startsWith('/api/') ? 'json' : 'page')
}

function methodNotAllowed(path: string): EntradaError {
  const methods = routes
    .filter((route) => route.path === path)
    .flatMap(({ method, acts }) => (method === 'GET' && !acts ? ['GET', 'HEAD'] : [method]))
  return new EntradaError('method_not_allowed', { allow: [...new Set(methods)].join(', ') })
}

async function showAsset(
  services: Pick<Services, 'deployment'>,
  { params }: Exchange,
): Promise<Response> {
  const response = assetResponse(services, params.name ?? '')
  if (response === undefined) throw new EntradaError('page_not_found')
  return response
}
