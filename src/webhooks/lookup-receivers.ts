import { isIP, type LookupFunction } from 'node:net'
import type { ResolveName } from '../outgoing/customer-names.ts'
import { answerLookup } from '../outgoing/system-lookup.ts'
import { isPublicAddress } from './public-address.ts'

/**
 * Creates a look-up that accepts a receiver's name only if every address is public. The connection is made to exactly the addresses
 * that were checked, so a name that changes a moment later gains nothing.
 */
export function lookupReceivers(
  resolve: ResolveName,
  { privateAllowed }: { readonly privateAllowed: boolean },
): LookupFunction {
  return (hostname, options, callback) => {
    resolve(hostname).then(
      (found) => {
        if (!privateAllowed && !found.every(({ address }) => isPublicAddress(address))) {
          const error = Object.assign(new Error('not a public address'), { code: 'ENOTPUBLIC' })
          return callback(error, [])
        }
        const family =
          options.family === 'IPv4' ? 4 : options.family === 'IPv6' ? 6 : options.family
        const ofFamily = family ? found.filter(({ address }) => isIP(address) === family) : found
        answerLookup(ofFamily, options, callback)
      },
      (error) => callback(error, []),
    )
  }
}
