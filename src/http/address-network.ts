/** Networks of IPv6 addresses: the first groups of 16 bits, always spelled in the same way. */
export function networkOf(address: string, groupCount: number): string {
  const [head = '', tail = ''] = address.split('::')
  const groups = head.split(':').filter(Boolean)
  const after = tail.split(':').filter(Boolean)
  const zeros = address.includes('::')
    ? Array(Math.max(0, 8 - groups.length - after.length)).fill('0')
    : []
  const network = [...groups, ...zeros, ...after].slice(0, groupCount)
  return network.map((group) => group.toLowerCase().replace(/^0+(?=.)/, '')).join(':')
}

/**
 * Returns what limits and shares count as one client: an IPv4 address, or a /64 of IPv6, which is the least that a provider assigns
 * to a customer.
 */
export function clientNetwork(address: string): string {
  return address.includes(':') ? `${networkOf(address, 4)}::/64` : address
}
