import { type LookupAddress, lookup } from 'node:dns'
import type { LookupFunction } from 'node:net'
import { isPublicAddress } from './public-address.ts'

/**
 * Resolves a name and keeps it only if every address is public. The connection is made to exactly what was judged, so a name that
 * answers differently a moment later gains nothing.
 */
export const lookupPublic: LookupFunction = (hostname, options, callback) => {
  lookup(hostname, { ...options, all: true }, (error, addresses) => {
    if (error) return callback(error, [])
    const [first] = addresses
    if (first === undefined || !addresses.every(({ address }) => isPublicAddress(address))) {
      return callback(Object.assign(new Error('not a public address'), { code: 'ENOTPUBLIC' }), [])
    }
    return options.all
      ? callback(null, addresses)
      : callback(null, first.address, first.family satisfies LookupAddress['family'])
  })
}
