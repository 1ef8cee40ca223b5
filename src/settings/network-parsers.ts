/** The parsers of settings that need Node to tell addresses apart; the others are free of it, for the library's door. */
import { BlockList, isIP } from 'node:net'
import { type ListenAddress, listenAddress } from './setting-parsers.ts'

/** Nobody is asked for a token there, so it is no address that the world can reach. */
export function privateListenAddress(value: string): ListenAddress {
  const address = listenAddress(value)
  if (!isPrivateHost(address.host)) {
    throw new Error('must be a loopback or private address and a port, such as 127.0.0.1:9464')
  }
  return address
}

/** @see RFC 1918; RFC 4193; RFC 6598, which Kubernetes providers use for pods */
export function isPrivateHost(host: string): boolean {
  if (host === 'localhost') return true
  const blocks = new BlockList()
  const networks = ['127.0.0.0/8', '10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '100.64.0.0/10']
  for (const network of networks) {
    const [start = '', bits] = network.split('/')
    blocks.addSubnet(start, Number(bits), 'ipv4')
  }
  blocks.addSubnet('::1', 128, 'ipv6')
  blocks.addSubnet('fc00::', 7, 'ipv6')
  return isIP(host) !== 0 && blocks.check(host, isIP(host) === 6 ? 'ipv6' : 'ipv4')
}
