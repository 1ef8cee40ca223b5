/** The `proxy` option as developers write it, made into what requests are routed by. */

import { Secret } from '../keys/secret.ts'
import { isNoProxyEntry, type Proxies, parseNoProxy, parseProxy } from '../outgoing/proxies.ts'
import type { ProxyOptions } from './options.ts'
import { didYouMean } from './stray-settings.ts'

type Tell = (name: string, problem: string) => void

const memberNames: ReadonlySet<string> = new Set(
  Object.keys({ https: true, http: true, noProxy: true } satisfies Record<
    keyof ProxyOptions,
    true
  >),
)

/** Reports every problem, none of which repeats an address: it may hold a password. */
export function checkedProxy(options: ProxyOptions, tell: Tell): Proxies {
  if (typeof options !== 'object' || options === null) {
    tell('proxy', 'must be an object with `https`, `http` and `noProxy`')
    return {}
  }
  for (const name of Object.keys(options)) {
    if (!memberNames.has(name)) {
      tell(`proxy.${name}`, `is not an option.${didYouMean(name, memberNames)}`)
    }
  }
  const https = checkedAddress('https', options.https, tell)
  const http = checkedAddress('http', options.http, tell)
  const noProxy = checkedNoProxy(options.noProxy, tell)
  return { ...(https ? { https } : {}), ...(http ? { http } : {}), ...(noProxy ? { noProxy } : {}) }
}

function checkedAddress(
  name: 'https' | 'http',
  value: ProxyOptions['https'],
  tell: Tell,
): Secret | undefined {
  if (value === undefined || value === '') return undefined
  try {
    return parseProxy(value instanceof Secret ? value.reveal() : String(value))
  } catch (error) {
    tell(`proxy.${name}`, error instanceof Error ? error.message : 'is not valid')
    return undefined
  }
}

function checkedNoProxy(value: ProxyOptions['noProxy'], tell: Tell): readonly string[] | undefined {
  if (value === undefined) return undefined
  const isList = Array.isArray(value) && value.every((one) => typeof one === 'string')
  if (typeof value !== 'string' && !isList) {
    tell('proxy.noProxy', 'must be text, or a list of texts')
    return undefined
  }
  const entries = parseNoProxy([value].flat().join(','))
  const odd = entries.find((entry) => !isNoProxyEntry(entry))
  if (odd !== undefined) tell('proxy.noProxy', `holds "${odd}", which is no host, address or block`)
  return entries
}
