/**
 * Looks up names that customers choose (receivers of webhooks) with a resolver of its own. `dns.lookup` would occupy the threads
 * that sign-ins need for as long as a customer's name server does not respond.
 */
import { type LookupAddress, Resolver } from 'node:dns'
import { isIP } from 'node:net'
import { promisify } from 'node:util'
import { hostsOf, searchOf } from './resolver-files.ts'
import { createTurns } from './turns.ts'

export type ResolveName = (name: string) => Promise<readonly LookupAddress[]>

export type NameResolverOptions = {
  /** Name servers as `address:port`, in place of those of this machine. */
  readonly servers?: readonly string[]
  /** Time limit of one look-up, including all of its queries. */
  readonly timeLimitMs?: number
  /** Whether short names are completed as this machine's resolver does, for receivers in the deployment's own network. */
  readonly search?: boolean
  readonly readTextFile: (path: string) => string
}

const TIME_LIMIT_MS = 3_000
const TRY_LIMIT_MS = 1_000
const AT_ONCE = 25
const MOST_WAITING = 500
/** DNS codes that mean that the record does not exist. After any other code the result is unknown. */
const NOTHING_THERE: ReadonlySet<string> = new Set(['ENODATA', 'ENOTFOUND'])

/**
 * Creates a resolver that returns the addresses of a name, IPv4 first. Concurrent look-ups of one name share a result; a look-up
 * rejects with a DNS code such as `ENOTFOUND` or `ETIMEOUT`.
 */
export function createNameResolver(options: NameResolverOptions): ResolveName {
  const turns = createTurns({
    atOnce: AT_ONCE,
    mostWaiting: MOST_WAITING,
    full: () => dnsError('EBUSY'),
  })
  const underWay = new Map<string, Promise<readonly LookupAddress[]>>()
  return (name) => {
    const key = name.toLowerCase()
    const local = findLocally(key, options)
    if (local.length > 0) return Promise.resolve(local)
    const found =
      underWay.get(key) ?? turns.run(() => ask(key, options)).finally(() => underWay.delete(key))
    underWay.set(key, found)
    return found
  }
}

/**
 * Resolves without a name server what needs none: literal addresses, loopback names, and names in the hosts file.
 *
 * @see RFC 6761 §6.3
 */
function findLocally(
  name: string,
  { readTextFile }: NameResolverOptions,
): readonly LookupAddress[] {
  const literal = isIP(name)
  if (literal !== 0) return [{ address: name, family: literal }]
  const plain = name.replace(/\.$/, '')
  const inFile = hostsOf(readTextFile).get(plain)
  if (inFile !== undefined) return inFile
  const isLoopback = plain === 'localhost' || plain.endsWith('.localhost')
  return isLoopback
    ? [
        { address: '127.0.0.1', family: 4 },
        { address: '::1', family: 6 },
      ]
    : []
}

async function ask(
  name: string,
  { servers, timeLimitMs = TIME_LIMIT_MS, search = false, readTextFile }: NameResolverOptions,
): Promise<readonly LookupAddress[]> {
  // Each look-up has a resolver of its own, because `cancel` ends all queries of a resolver.
  const resolver = new Resolver({ timeout: Math.min(TRY_LIMIT_MS, timeLimitMs), tries: 2 })
  if (servers) resolver.setServers(servers)
  const timer = setTimeout(() => resolver.cancel(), timeLimitMs)
  try {
    for (const candidate of search ? searchOf(name, readTextFile) : [name]) {
      const addresses = await askOne(resolver, candidate)
      if (addresses.length > 0) return addresses
    }
    throw dnsError('ENOTFOUND')
  } finally {
    clearTimeout(timer)
  }
}

/** Queries both address families at once; one of them is enough. */
async function askOne(resolver: Resolver, name: string): Promise<readonly LookupAddress[]> {
  const ask4 = promisify<string, string[]>(resolver.resolve4.bind(resolver))
  const ask6 = promisify<string, string[]>(resolver.resolve6.bind(resolver))
  const [four, six] = await Promise.all([answerOf(ask4(name)), answerOf(ask6(name))])
  const addresses = [
    ...four.addresses.map((address) => ({ address, family: 4 })),
    ...six.addresses.map((address) => ({ address, family: 6 })),
  ]
  const code = four.code ?? six.code
  if (addresses.length === 0 && code !== undefined) throw dnsError(code)
  return addresses
}

type DnsAnswer = { readonly addresses: readonly string[]; readonly code?: string }

async function answerOf(query: Promise<readonly string[]>): Promise<DnsAnswer> {
  try {
    return { addresses: await query }
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'EUNKNOWN'
    return NOTHING_THERE.has(code) ? { addresses: [] } : { addresses: [], code }
  }
}

/** `ECANCELLED` is the resolver's code for our own time limit. */
function dnsError(reason: string): Error {
  const code = reason === 'ECANCELLED' ? 'ETIMEOUT' : reason
  return Object.assign(new Error(`the name was not resolved (${code})`), { code })
}
