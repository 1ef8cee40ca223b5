/** Decides which requests leave through an HTTP proxy, by the conventions of `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY`. Pure. */
import ipaddr from 'ipaddr.js'
import { Secret } from '../keys/secret.ts'

/** Addresses of proxies, which may contain a password, and the hosts that are reached without one. */
export type Proxies = {
  /** The proxy for requests to `https` addresses. */
  readonly https?: Secret | undefined
  /** The proxy for requests to `http` addresses. */
  readonly http?: Secret | undefined
  /** Entries as {@link parseNoProxy} returns them. */
  readonly noProxy?: readonly string[] | undefined
}

export type Route = { readonly kind: 'direct' } | { readonly kind: 'proxy'; readonly proxy: URL }

const direct: Route = { kind: 'direct' }

/** Returns how a request reaches an address. Loopback is always reached directly, because no proxy can lead there. */
export function routeOf(proxies: Proxies, url: URL): Route {
  const proxy = url.protocol === 'https:' ? proxies.https : proxies.http
  if (proxy === undefined || isLoopback(hostOf(url))) return direct
  if (proxies.noProxy?.some((entry) => isNamedBy(entry, url))) return direct
  return { kind: 'proxy', proxy: new URL(proxy.reveal()) }
}

/** Returns the address of a proxy without user and password, for logs and findings. */
export function nameOfProxy(proxy: URL | Secret): string {
  return (proxy instanceof Secret ? new URL(proxy.reveal()) : proxy).origin
}

/**
 * Parses the address of a proxy, with or without `http://`.
 *
 * @throws {Error} a problem that does not repeat the value, which may contain a password
 */
export function parseProxy(text: string): Secret {
  const hasScheme = /^[a-z][a-z0-9+.-]*:\/\//i.test(text)
  const url = URL.parse(hasScheme ? text : `http://${text}`)
  if (url === null || url.hostname === '') {
    throw new Error(
      'must be the address of a proxy such as http://proxy.example.com:3128; percent-encode @ / # : in a password',
    )
  }
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw new Error('must be the address of an http or https proxy; SOCKS is not supported')
  }
  if (url.pathname !== '/' || url.search || url.hash) {
    throw new Error('must be scheme, host and port alone; percent-encode @ / # : in a password')
  }
  return new Secret(url.href)
}

/**
 * Parses the hosts that are reached without a proxy, separated by commas or white space: a host with everything below it
 * (`example.com`, `.example.com`, `*.example.com`), an address, a block (`10.0.0.0/8`), each also with a port, or `*` for all.
 * Other programs have further notations, so entries that are none of these are kept; they match nothing.
 */
export function parseNoProxy(text: string): readonly string[] {
  return text
    .split(/[\s,]+/)
    .filter((entry) => entry !== '')
    .map((entry) => entry.toLowerCase())
}

/** Returns whether an entry of `NO_PROXY` can match any host. */
export function isNoProxyEntry(entry: string): boolean {
  if (entry === '*' || ipaddr.isValidCIDR(entry)) return true
  const { host, port } = splitPort(entry)
  if (port !== undefined && Number(port) > 65_535) return false
  return ipaddr.isValid(host) || /^(\*?\.)?[a-z0-9_]([a-z0-9_.-]*[a-z0-9_])?\.?$/.test(host)
}

function isNamedBy(entry: string, url: URL): boolean {
  if (!isNoProxyEntry(entry)) return false
  if (entry === '*') return true
  const host = hostOf(url)
  if (ipaddr.isValidCIDR(entry)) return isInBlock(host, entry)
  const { host: named, port } = splitPort(entry)
  if (port !== undefined && port !== portOf(url)) return false
  if (ipaddr.isValid(named)) return ipaddr.isValid(host) && sameAddress(named, host)
  const domain = named.replace(/^\*?\./, '').replace(/\.$/, '')
  return host === domain || host.endsWith(`.${domain}`)
}

/** An IPv6 address can have a port only after its brackets. */
function splitPort(entry: string): { readonly host: string; readonly port?: string } {
  const [, bracketed, behind] = /^\[([^\]]+)\](?::(\d{1,5}))?$/.exec(entry) ?? []
  if (bracketed !== undefined) return { host: bracketed, ...(behind ? { port: behind } : {}) }
  if (ipaddr.isValid(entry)) return { host: entry }
  const [, host, port] = /^([^:]+):(\d{1,5})$/.exec(entry) ?? []
  return host !== undefined && port !== undefined ? { host, port } : { host: entry }
}

function isInBlock(host: string, block: string): boolean {
  if (!ipaddr.isValid(host)) return false
  const address = ipaddr.process(host)
  const [network, bits] = ipaddr.parseCIDR(block)
  return address.kind() === network.kind() && address.match([network, bits])
}

function sameAddress(address: string, other: string): boolean {
  return ipaddr.process(address).toNormalizedString() === ipaddr.process(other).toNormalizedString()
}

function isLoopback(host: string): boolean {
  if (ipaddr.isValid(host)) return ipaddr.process(host).range() === 'loopback'
  return host === 'localhost' || host.endsWith('.localhost')
}

/** Removes the brackets of IPv6 and the dot at the end of a full name. */
function hostOf({ hostname }: URL): string {
  return hostname
    .toLowerCase()
    .replace(/^\[|\]$/g, '')
    .replace(/\.$/, '')
}

function portOf({ port, protocol }: URL): string {
  if (port !== '') return port
  return protocol === 'https:' ? '443' : '80'
}
