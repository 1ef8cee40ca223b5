import type { Application } from './directory.ts'
import { isSinglePageOrigin } from './redirect-uri.ts'
import type { EmulatorState } from './state.ts'

/**
 * Answers a CORS preflight, which a browser sends before a page's request to another origin; returns `undefined` if the request is
 * none.
 *
 * @see https://fetch.spec.whatwg.org/#http-cors-protocol
 */
export function answerPreflight(state: EmulatorState, request: Request): Response | undefined {
  const method = request.headers.get('access-control-request-method')
  if (request.method !== 'OPTIONS' || method === null) return undefined
  const requestedHeaders = request.headers.get('access-control-request-headers')
  const response = new Response(null, {
    status: 204,
    headers: {
      'Access-Control-Allow-Methods': 'GET, POST, PUT, PATCH, DELETE, OPTIONS',
      ...(requestedHeaders === null ? {} : { 'Access-Control-Allow-Headers': requestedHeaders }),
      'Access-Control-Max-Age': '600',
    },
  })
  // A preflight does not name the application.
  if (tokenPath.test(new URL(request.url).pathname)) {
    allowSinglePages(request, response, state.directory.applications)
  }
  return response
}

/** Allows every page to read discovery, keys and Graph, which use no cookies. */
export function allowEveryPage(request: Request, response: Response): void {
  if (publicPaths.test(new URL(request.url).pathname)) {
    response.headers.set('Access-Control-Allow-Origin', '*')
  }
}

/** Allows a page to read a response of the token endpoint if its origin belongs to one of these single-page applications. */
export function allowSinglePages(
  request: Request,
  response: Response,
  applications: readonly Application[],
): void {
  const origin = request.headers.get('origin')
  if (origin === null) return
  response.headers.append('Vary', 'Origin')
  if (applications.some((application) => isSinglePageOrigin(application, origin))) {
    response.headers.set('Access-Control-Allow-Origin', origin)
  }
}

const publicPaths =
  /^\/(graph\/|v1\.0\/|oidc\/userinfo$|common\/discovery\/instance$|[^/]+\/(v2\.0\/)?\.well-known\/|[^/]+\/discovery\/)/
const tokenPath = /^\/[^/]+\/oauth2\/v2\.0\/token$/
