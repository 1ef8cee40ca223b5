/** Domain names and the addresses of people in them, in the one spelling that is stored and compared. */

import { ASCII_DOMAIN_NAME } from './text-patterns.ts'

/** Whose domain it is, and the address as it was typed, for Entra's `login_hint`. */
export type WorkEmail = { readonly address: string; readonly domain: string }

const MAX_DOMAIN_LENGTH = 253
/** What a host parser would take for the end of a host, decode, or drop without a word. */
const NOT_IN_A_HOST = /[\p{Cc}\p{Cf}\s:/?#@\\[\]%<>^|"'`,;()]/u
const LOCAL_PART = /^[^\p{Cc}\p{Cf}\s"'(),:;<>@[\\\]]{1,64}$/u
const MAX_TYPED_LENGTH = 320

/**
 * The name in lower-case ASCII (`Bücher.Example` is `xn--bcher-kva.example`), or `undefined` when it is no name of a domain.
 * A dot at the end is refused: in an address it would be another spelling of the same domain.
 *
 * @see https://url.spec.whatwg.org/#concept-domain-to-ascii
 */
export function parseDomainName(text: string): string | undefined {
  if (text.length > MAX_TYPED_LENGTH || NOT_IN_A_HOST.test(text)) return undefined
  const name = URL.parse(`https://${text}`)?.hostname
  if (name === undefined || name.length > MAX_DOMAIN_LENGTH) return undefined
  return ASCII_DOMAIN_NAME.test(name) ? name : undefined
}

/**
 * One address and its domain. Quoted, listed and commented addresses are refused, not interpreted: two programs that read them
 * differently are how somebody comes by another one's domain.
 *
 * @see RFC 5321 §4.1.2
 */
export function parseWorkEmail(text: string): WorkEmail | undefined {
  const address = text.trim()
  if (address.length > MAX_TYPED_LENGTH) return undefined
  const [localPart = '', host = '', ...more] = address.split('@')
  if (more.length > 0 || !LOCAL_PART.test(localPart)) return undefined
  const domain = parseDomainName(host)
  return domain === undefined ? undefined : { address, domain }
}
