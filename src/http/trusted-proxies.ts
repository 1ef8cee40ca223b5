import { BlockList, isIP } from 'node:net'

/**
 * Returns the client's address: the last one in X-Forwarded-For that is not a trusted proxy, if the connection itself comes from a
 * trusted proxy. The client can write everything to the left of it.
 */
export function clientIp(
  forwardedFor: string | null,
  remoteAddress: string | undefined,
  trustedProxies: readonly string[],
): string | undefined {
  const remote = normalAddress(remoteAddress ?? '')
  if (remote === undefined || forwardedFor === null || trustedProxies.length === 0) return remote
  const trusted = blockList(trustedProxies)
  let client = remote
  for (const hop of forwardedFor.split(',').slice(-20).reverse()) {
    if (!isInside(trusted, client)) break
    const address = normalAddress(hop.trim())
    if (address === undefined) break
    client = address
  }
  return client
}

/** Returns whether a connection comes from one of these networks. */
export function isTrustedProxy(
  remoteAddress: string | undefined,
  trustedProxies: readonly string[],
): boolean {
  const remote = normalAddress(remoteAddress ?? '')
  return remote !== undefined && isInside(blockList(trustedProxies), remote)
}

/** The list is converted once for each list of the settings, because every request of an application needs it. */
const made = new WeakMap<readonly string[], BlockList>()

function blockList(networks: readonly string[]): BlockList {
  const cached = made.get(networks)
  if (cached) return cached
  const blocks = new BlockList()
  made.set(networks, blocks)
  for (const network of networks) {
    const [address = '', bits] = network.split('/')
    const family = isIP(address) === 6 ? 'ipv6' : 'ipv4'
    blocks.addSubnet(
      address,
      bits === undefined ? (family === 'ipv6' ? 128 : 32) : Number(bits),
      family,
    )
  }
  return blocks
}

function isInside(blocks: BlockList, address: string): boolean {
  return blocks.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4')
}

/** `::ffff:10.0.0.1` is the IPv4 address on a dual-stack socket. Some proxies also write the port. */
function normalAddress(text: string): string | undefined {
  const withoutPort = /^(?:\[([^\]]+)\]|(\d+\.\d+\.\d+\.\d+))(?::\d{1,5})?$/.exec(text)
  const address = (withoutPort?.[1] ?? withoutPort?.[2] ?? text).replace(/^::ffff:(?=\d+\.)/i, '')
  return isIP(address) ? address : undefined
}
