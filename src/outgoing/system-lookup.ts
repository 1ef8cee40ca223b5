/**
 * Looks up names that the operator chooses (the authority, a proxy) as every other program on this machine does. Node does that in
 * four threads that cryptography and files need too, so only two look-ups run at once, one for each name.
 */
import { type LookupAddress, lookup as lookupInPool } from 'node:dns'
import type { LookupFunction } from 'node:net'
import { createTurns } from './turns.ts'

const AT_ONCE = 2
const MOST_WAITING = 200

/** Creates a look-up for `net.connect`. Concurrent look-ups of one name share a result. */
export function createSystemLookup(resolve: typeof lookupInPool = lookupInPool): LookupFunction {
  const turns = createTurns({ atOnce: AT_ONCE, mostWaiting: MOST_WAITING, full: tooMany })
  const underWay = new Map<string, Promise<readonly LookupAddress[]>>()

  const find = (hostname: string, family: number, hints: number) => {
    const key = `${hostname} ${family} ${hints}`
    const found =
      underWay.get(key) ??
      turns
        .run(() => lookUp(resolve, hostname, { family, hints }))
        .finally(() => underWay.delete(key))
    underWay.set(key, found)
    return found
  }
  return (hostname, options, callback) => {
    const family = options.family === 'IPv4' ? 4 : options.family === 'IPv6' ? 6 : options.family
    find(hostname, family ?? 0, options.hints ?? 0).then(
      (addresses) => answerLookup(addresses, options, callback),
      (error) => callback(error, []),
    )
  }
}

/** Calls back as `net.connect` expects: with all addresses, or with the first one and its family. */
export function answerLookup(
  addresses: readonly LookupAddress[],
  options: Parameters<LookupFunction>[1],
  callback: Parameters<LookupFunction>[2],
): void {
  const [first] = addresses
  if (options.all) callback(null, [...addresses])
  else if (first) callback(null, first.address, first.family)
  else callback(Object.assign(new Error('no address'), { code: 'ENOTFOUND' }), [])
}

function lookUp(
  resolve: typeof lookupInPool,
  hostname: string,
  { family, hints }: { readonly family: number; readonly hints: number },
): Promise<readonly LookupAddress[]> {
  return new Promise((fulfil, reject) => {
    resolve(hostname, { family, hints, all: true }, (error, addresses) => {
      if (error) reject(error)
      else fulfil(addresses)
    })
  })
}

function tooMany(): Error {
  return Object.assign(new Error('too many look-ups wait'), { code: 'EBUSY' })
}
