/** Domain names and email addresses in them, in the one spelling that is stored and compared. */

import { ASCII_DOMAIN_NAME } from './text-patterns.ts'

/** The domain, and the address as the user typed it, for Entra's `login_hint`. */
export type WorkEmail = { readonly address: string; readonly domain: string }

const MAX_DOMAIN_LENGTH = 253
/** Characters that a host parser would take for the end of a host, decode, or drop silently. */
const NOT_IN_A_HOST = /[\p{Cc}\p{Cf}\s:/?#@\\[\]%<>^|"'`,;()]/u
const LOCAL_PART = /^[^\p{Cc}\p{Cf}\s"'(),:;<>@[\\\]]{1,64}$/u
const MAX_TYPED_LENGTH = 320

/**
 * Returns the name in lower-case ASCII (`Bücher.Example` is `xn--bcher-kva.example`), or `undefined` if it is not a domain name. A
 * dot at the end is refused, because in an address it would be another spelling of the same domain.
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
 * Parses one address and its domain. Quoted, listed and commented addresses are refused and not interpreted: if two programs read
 * an address differently, an attacker can pass as a user of another domain.
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
