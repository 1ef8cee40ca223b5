/** Asks `/auth/verify` in both ways in which it is answered: through `entrada.fetch`, and past it on the server itself. */
import { once } from 'node:events'
import { type IncomingMessage, request as requestHttp } from 'node:http'
import type { TestContext } from 'node:test'
import { startHttpServer } from '../../src/cli/http-server.ts'
import { createRawVerify } from '../../src/forward-auth/raw-verify.ts'
import type { Rig } from './rig.ts'
import { freePort } from './server-process.ts'

/** Repeated headers are lists. */
export type VerifyHeaders = Readonly<Record<string, string | readonly string[]>>
export type Verified = {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  readonly code: string | undefined
}
export type Ask = (
  headers: VerifyHeaders,
  options?: { readonly path?: string; readonly method?: string; readonly from?: string },
) => Promise<Verified>

export type Way = (t: TestContext, rig: Rig) => Promise<Ask>

export const verifyWays: Readonly<Record<string, Way>> = {
  'through fetch': async (_t, rig) => {
    return async (headers, { path = '/auth/verify', method = 'GET', from = '127.0.0.1' } = {}) => {
      const { origin } = rig.services.deployment.publicUrls[0]
      const request = new Request(origin + path, { method, headers: webHeaders(headers) })
      const response = await rig.entrada.fetch(request, { remoteAddress: from, target: path })
      return toVerified(response.status, response.headers, await response.text())
    }
  },
  'past fetch': async (t, rig) => {
    const port = await freePort()
    const listen = { host: '127.0.0.1', port }
    const server = await startHttpServer(rig.entrada, listen, {
      first: createRawVerify(rig.services),
    })
    t.after(() => server.stop())
    return async (headers, { path = '/auth/verify', method = 'GET', from = '127.0.0.1' } = {}) => {
      const sent = requestHttp({
        host: '127.0.0.1',
        port,
        path,
        method,
        localAddress: from,
        agent: false,
        headers: Object.fromEntries(
          Object.entries(headers).map(([name, value]) => [
            name,
            typeof value === 'string' ? value : [...value],
          ]),
        ),
      }).end()
      const [answer] = (await once(sent, 'response')) as [IncomingMessage] // the event's one argument
      let text = ''
      for await (const chunk of answer.setEncoding('utf8')) text += chunk
      return toVerified(answer.statusCode ?? 0, webHeaders(answer.headers as VerifyHeaders), text)
    }
  },
}

function webHeaders(headers: VerifyHeaders): Headers {
  const web = new Headers()
  for (const [name, values] of Object.entries(headers)) {
    for (const value of [values].flat()) web.append(name, value)
  }
  return web
}

function toVerified(status: number, headers: Headers, text: string): Verified {
  const isJson = headers.get('content-type') === 'application/problem+json'
  const { code }: { code?: string } = isJson && text !== '' ? JSON.parse(text) : {}
  return { status, headers, text, code: code ?? /<dd><code>(\w+)<\/code>/.exec(text)?.[1] }
}

/** As a browser asks for a page in its window, and as its scripts ask. */
export const navigation = {
  'sec-fetch-mode': 'navigate',
  'sec-fetch-dest': 'document',
  accept: 'text/html,application/xhtml+xml,*/*;q=0.8',
} as const
export const script = {
  'sec-fetch-mode': 'cors',
  'sec-fetch-dest': 'empty',
  accept: '*/*',
} as const

/** What each proxy sends about a request that it has in hand; ours is `GET /auth/verify`, but for Envoy. */
export const dialects: Readonly<
  Record<
    string,
    (original: { readonly method: string; readonly host: string; readonly uri: string }) => {
      readonly headers: VerifyHeaders
      readonly path?: string
      readonly method?: string
    }
  >
> = {
  nginx: ({ method, host, uri }) => ({
    headers: {
      host,
      'x-original-method': method,
      'x-original-uri': uri,
      'x-forwarded-proto': 'https',
    },
  }),
  'ingress-nginx': ({ method, host, uri }) => ({
    headers: {
      host: 'entrada.auth.svc.cluster.local:3000',
      'x-original-method': method,
      'x-original-url': `https://${host}${uri}`,
      'x-sent-from': 'nginx-ingress-controller',
    },
  }),
  Traefik: ({ method, host, uri }) => ({
    headers: {
      host: 'entrada:3000',
      'x-forwarded-method': method,
      'x-forwarded-proto': 'https',
      'x-forwarded-host': host,
      'x-forwarded-uri': uri,
      'x-forwarded-for': '192.0.2.9',
    },
    path: '/auth/verify?sign_in=redirect',
  }),
  Caddy: ({ method, host, uri }) => ({
    headers: {
      host,
      'x-forwarded-method': method,
      'x-forwarded-proto': 'https',
      'x-forwarded-host': host,
      'x-forwarded-uri': uri,
      'x-forwarded-for': '192.0.2.9',
    },
  }),
  HAProxy: ({ method, host, uri }) => ({
    headers: {
      host,
      'x-forwarded-method': method,
      'x-forwarded-uri': uri,
      'x-forwarded-host': host,
    },
  }),
  Envoy: ({ method, host, uri }) => ({
    headers: { host, 'x-forwarded-proto': 'https', 'content-length': '0' },
    path: `/auth/verify${uri}`,
    method,
  }),
}
