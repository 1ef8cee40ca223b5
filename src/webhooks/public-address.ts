/** Keeps what others entered from reaching into our own network: judged by the address that is connected to, not by its name. */
import ipaddr from 'ipaddr.js'
import { EntradaError } from '../errors/errors.ts'

/** Whether an address is one of the public Internet: not loopback, private, link-local, carrier-grade NAT, documentation … */
export function isPublicAddress(address: string): boolean {
  if (!ipaddr.isValid(address)) return false
  // `process` turns `::ffff:10.0.0.1` into the address it stands for.
  return ipaddr.process(address).range() === 'unicast'
}

/**
 * A receiver's address: https, on a public host when it is spelled as a number; names are judged when they are resolved.
 *
 * @throws {EntradaError} `url_not_allowed`
 */
export function checkReceiverUrl(
  text: string,
  { privateAllowed }: { readonly privateAllowed: boolean },
): URL {
  const url = text.length <= 2048 ? URL.parse(text) : null
  if (url === null || url.username || url.password || url.hash) throw notAllowed('url')
  const isPlain = url.protocol === 'http:' && privateAllowed
  if (url.protocol !== 'https:' && !isPlain) throw notAllowed('scheme')
  if (privateAllowed) return url
  // `new URL` has turned 0x7f.1, 2130706433 and 127.1 into dotted numbers already.
  const host = url.hostname.replace(/^\[|\]$/g, '')
  if (ipaddr.isValid(host) && !isPublicAddress(host)) throw notAllowed('address')
  if (!ipaddr.isValid(host) && isLocalName(host.replace(/\.$/, ''))) throw notAllowed('host')
  if (url.port !== '' && Number(url.port) < 1024) throw notAllowed('port')
  return url
}

/**
 * Names that lead nowhere but into the network that resolves them. Where a proxy resolves names, their spelling is all there is to judge.
 *
 * @see RFC 6761 §6.3, RFC 6762 §3, RFC 8375
 */
function isLocalName(name: string): boolean {
  return !name.includes('.') || /\.(localhost|localdomain|local|internal|home\.arpa)$/i.test(name)
}

function notAllowed(reason: string): EntradaError {
  return new EntradaError('url_not_allowed', { parameter: 'url', reason })
}
