/**
 * Prevents addresses that customers enter from reaching into our own network. The address that is connected to decides, not its
 * name.
 */
import ipaddr from 'ipaddr.js'
import { EntradaError } from '../errors/errors.ts'

/**
 * Returns whether an address is on the public Internet: not loopback, private, link-local, carrier-grade NAT, documentation and the
 * like.
 */
export function isPublicAddress(address: string): boolean {
  if (!ipaddr.isValid(address)) return false
  // `process` turns `::ffff:10.0.0.1` into the IPv4 address that it contains.
  return ipaddr.process(address).range() === 'unicast'
}

/**
 * Checks a receiver's address: https, and a public host if it is written as a number. Names are checked when they are resolved.
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
  // `new URL` has already turned 0x7f.1, 2130706433 and 127.1 into dotted numbers.
  const host = url.hostname.replace(/^\[|\]$/g, '')
  if (ipaddr.isValid(host) && !isPublicAddress(host)) throw notAllowed('address')
  if (!ipaddr.isValid(host) && isLocalName(host.replace(/\.$/, ''))) throw notAllowed('host')
  if (url.port !== '' && Number(url.port) < 1024) throw notAllowed('port')
  return url
}

/**
 * Names that lead only into the network that resolves them. If a proxy resolves names, their spelling is all that can be checked.
 *
 * @see RFC 6761 §6.3, RFC 6762 §3, RFC 8375
 */
function isLocalName(name: string): boolean {
  return !name.includes('.') || /\.(localhost|localdomain|local|internal|home\.arpa)$/i.test(name)
}

function notAllowed(reason: string): EntradaError {
  return new EntradaError('url_not_allowed', { parameter: 'url', reason })
}
