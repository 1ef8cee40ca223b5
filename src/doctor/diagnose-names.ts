/** Names of the public addresses in DNS. */
import type { NameFacts } from './facts.ts'
import { type Finding, newFinding } from './finding.ts'

/** Judges what DNS returns for the name of one public address. */
export function diagnoseName(
  origin: string,
  { host, addresses, twin }: NameFacts,
): readonly Finding[] {
  const silent = addresses.filter(({ answers }) => answers === 'no').map(({ address }) => address)
  const isReached = addresses.some(({ answers }) => answers === 'yes')
  return [
    ...(isReached && silent.length > 0
      ? [newFinding('address_partly_reached', { host }, silent)]
      : []),
    ...(addresses.every(({ family }) => family === 6)
      ? [newFinding('address_only_ipv6', { host })]
      : []),
    ...(addresses.every(({ isPrivate, address }) => isPrivate && !isOwn(address))
      ? [newFinding('address_private', { host, address: addresses[0]?.address ?? '' })]
      : []),
    ...(twin ? [newFinding('address_twin_not_served', { origin, twin })] : []),
  ]
}

/** A name that is mapped to this machine, as in a hosts file. */
function isOwn(address: string): boolean {
  return address === '::1' || address.startsWith('127.')
}
