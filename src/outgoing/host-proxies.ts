import { globalAgent } from 'node:https'
import { type Proxies, parseNoProxy, parseProxy } from './proxies.ts'

/** Names of the variables. The first one that is set wins: lower case first, as in most programs. */
const names = {
  https: ['https_proxy', 'HTTPS_PROXY'],
  http: ['http_proxy', 'HTTP_PROXY'],
  noProxy: ['no_proxy', 'NO_PROXY'],
} as const

/**
 * Returns the proxies that Node itself was started with (`NODE_USE_ENV_PROXY=1`, `--use-env-proxy`), so that the library needs no
 * option in such a process.
 */
export function proxiesOfNode(): Proxies {
  const { proxyEnv } = globalAgent.options as { readonly proxyEnv?: Proxied | undefined } // since Node 24.5
  return proxyEnv === undefined ? {} : proxiesIn(proxyEnv)
}

type Proxied = Readonly<Record<string, string | undefined>>

function proxiesIn(proxied: Proxied): Proxies {
  const first = (among: readonly string[]) =>
    among.map((name) => proxied[name]?.trim()).find((value) => value)
  const [https, http, noProxy] = [first(names.https), first(names.http), first(names.noProxy)]
  return {
    ...(https ? { https: parseProxy(https) } : {}),
    ...(http ? { http: parseProxy(http) } : {}),
    ...(noProxy ? { noProxy: parseNoProxy(noProxy) } : {}),
  }
}
