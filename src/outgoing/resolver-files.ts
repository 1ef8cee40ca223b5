/** What this machine's files contain about names: its hosts file, and how it completes short names. */
import type { LookupAddress } from 'node:dns'
import { isIP } from 'node:net'

const HOSTS_FILE = '/etc/hosts'
const RESOLVER_FILE = '/etc/resolv.conf'
const MOST_SEARCHED = 6

type ReadTextFile = (path: string) => string

/** Returns the addresses in the hosts file by name in lower case. If the file cannot be read, there are none. @see hosts(5) */
export function hostsOf(readTextFile: ReadTextFile): ReadonlyMap<string, readonly LookupAddress[]> {
  const hosts = new Map<string, LookupAddress[]>()
  for (const [address = '', ...names] of wordsOf(readTextFile, HOSTS_FILE)) {
    const family = isIP(address)
    if (family === 0) continue
    for (const name of names) {
      const addresses = hosts.get(name.toLowerCase()) ?? []
      hosts.set(name.toLowerCase(), [...addresses, { address, family }])
    }
  }
  return hosts
}

/**
 * Returns the full names that a short name may mean, in the order in which they are tried.
 *
 * @see resolv.conf(5) `search`, `ndots`
 */
export function searchOf(name: string, readTextFile: ReadTextFile): readonly string[] {
  if (name.endsWith('.')) return [name]
  const lines = wordsOf(readTextFile, RESOLVER_FILE)
  const domains = lines.findLast(([word]) => word === 'search' || word === 'domain')?.slice(1) ?? []
  const completed = domains.slice(0, MOST_SEARCHED).map((domain) => `${name}.${domain}`)
  const dots = name.split('.').length - 1
  return dots >= dotsOf(lines) ? [name, ...completed] : [...completed, name]
}

function dotsOf(lines: readonly (readonly string[])[]): number {
  const options = lines.filter(([word]) => word === 'options').flat()
  const [, dots] = options.map((option) => /^ndots:(\d{1,2})$/.exec(option)).findLast(Boolean) ?? []
  return dots === undefined ? 1 : Number(dots)
}

function wordsOf(readTextFile: ReadTextFile, path: string): readonly (readonly string[])[] {
  return readOrNothing(readTextFile, path)
    .split('\n')
    .map((line) => line.replace(/[#;].*/, '').trim())
    .filter((line) => line !== '')
    .map((line) => line.split(/\s+/))
}

function readOrNothing(readTextFile: ReadTextFile, path: string): string {
  try {
    return readTextFile(path)
  } catch {
    return ''
  }
}
