/** Parses the text of settings. The message of an error completes the sentence "NAME …" and never repeats the value, which may be a secret. */
import ipaddr from 'ipaddr.js'
import { Secret } from '../keys/secret.ts'
import { isGuid } from '../protocol/guid.ts'

/** Returns the text as it is. */
export function text(value: string): string {
  return value
}

/** Parses a folder. An address in its place, perhaps of a database with its password, would be printed as a path. */
export function folder(value: string): string {
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(value)) throw new Error('must be a folder, not an address')
  return value
}

/** Returns the trimmed text itself, after a parser has accepted it. */
export function checked(parse: (value: string) => unknown) {
  return (value: string): string => {
    parse(value)
    return value.trim()
  }
}

/** Splits text at its commas. */
export function list(value: string): string[] {
  return value
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '')
}

/** Splits text at its commas, and refuses a list without items. */
export function nonEmptyList(value: string): string[] {
  const items = list(value)
  if (items.length === 0) throw new Error('holds nothing but commas')
  return items
}

/**
 * Parses the address of a PostgreSQL database. An unencoded `@`, `/`, `#`, `?` or `:` in the password would make the rest of it a
 * part of the host or of the path, which are printed; so nothing after the host may contain an `@`.
 */
export function databaseUrl(value: string): Secret {
  const [, scheme, afterHost = ''] = /^(postgres(?:ql)?):\/\/[^/?#]*(.*)$/is.exec(value) ?? []
  if (scheme === undefined) throw new Error('must start with postgres:// or postgresql://')
  const url = URL.parse(value)
  if (url === null || afterHost.includes('@') || !isDecodable(url)) throw new Error(NOT_ENCODED)
  if (url.pathname.length < 2)
    throw new Error('must name a database, as in postgres://host/database')
  const sslmode = url.searchParams.get('sslmode')
  if (sslmode !== null && !sslModes.includes(sslmode)) {
    throw new Error(`has an unknown sslmode; use one of ${sslModes.join(', ')}`)
  }
  return new Secret(value)
}

const NOT_ENCODED =
  'cannot be read as an address; percent-encode @ / # : in the password, and ? and % (as %40 %2F %23 %3A %3F %25)'

function isDecodable({ username, password, pathname }: URL): boolean {
  try {
    decodeURIComponent(username + password + pathname)
    return true
  } catch {
    return false
  }
}

const sslModes = ['disable', 'require', 'verify-ca', 'verify-full', 'no-verify']

/** Parses the `Domain` of a cookie. Browsers themselves refuse public suffixes such as `co.uk`. */
export function cookieDomain(value: string): string {
  const domain = value.toLowerCase()
  const isName = /^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]*$/.test(domain)
  if (!isName || domain.length > 253) {
    throw new Error(
      'must be a domain of at least two names, such as apps.example.com, without a scheme',
    )
  }
  return domain
}

export type ListenAddress = { readonly host: string; readonly port: number }

/** Parses `host:port`, or a port alone, which is one of 127.0.0.1. */
export function listenAddress(value: string): ListenAddress {
  const match = /^(?:(\[[0-9a-f:.]+\]|[a-z0-9.-]+):)?(\d{1,5})$/i.exec(value)
  const port = Number(match?.[2])
  if (match === null || port > 65_535)
    throw new Error('must be host:port, such as 127.0.0.1:3000, with a port up to 65535')
  return { host: (match[1] ?? '127.0.0.1').replace(/^\[|\]$/g, ''), port }
}

/** Parses an address to listen on without authentication, which must not be reachable from other networks. */
export function privateListenAddress(value: string): ListenAddress {
  const address = listenAddress(value)
  if (!isPrivateHost(address.host)) {
    throw new Error('must be a loopback or private address and a port, such as 127.0.0.1:9464')
  }
  return address
}

/**
 * Whether a host is `localhost`, or an address that only this machine and its own networks reach.
 *
 * @see RFC 1918; RFC 4193; RFC 6598, which Kubernetes providers use for pods
 */
export function isPrivateHost(host: string): boolean {
  if (host === 'localhost') return true
  return isAddress(host) && PRIVATE_RANGES.includes(ipaddr.process(host).range())
}

const PRIVATE_RANGES = ['loopback', 'private', 'uniqueLocal', 'carrierGradeNat']

/** Parses client secrets. Those of Entra contain no commas and no white space (`decisions/0010-credentials.md`). */
export function clientSecrets(value: string): readonly Secret[] {
  const values = [...new Set(value.split(/[\s,]+/).filter((item) => item !== ''))]
  if (values.length === 0) throw new Error('holds nothing but commas')
  return values.map(clientSecret)
}

/** Checks one client secret; its id, which the portal shows next to it, is a GUID. */
export function clientSecret(value: string): Secret {
  if (!isGuid(value)) return new Secret(value)
  throw new Error("is shaped like the secret's ID; the secret value is in the column next to it")
}

/** Parses the dates on which secrets expire; `-` is a date that is not known. */
export function expiryDates(value: string): readonly (Date | undefined)[] {
  const items = value.split(/[\s,]+/).filter((item) => item !== '')
  return items.map((item) => (item === '-' ? undefined : expiryDate(item)))
}

function expiryDate(text: string): Date {
  const [, day = '', time] = /^(\d{4}-\d\d-\d\d)(T\d\d:\d\d:\d\d(?:\.\d{1,7})?Z)?$/.exec(text) ?? []
  const date = new Date(`${day}${time ?? 'T00:00:00Z'}`)
  // `Date` reads a day that does not exist, such as 30 February, as another one.
  if (Number.isNaN(date.getTime()) || date.toISOString().slice(0, 10) !== day) {
    throw new Error('must be dates such as 2027-11-22, or `-` where one is not known')
  }
  return date
}

/** Parses an operator token, which must be long and look random. */
export function operatorToken(value: string): Secret {
  if (value.length < 43)
    throw new Error('must be at least 43 characters, which hold 32 random bytes')
  if (new Set(value).size < 12)
    throw new Error('must be random; make one with `openssl rand -base64 32`')
  return new Secret(value)
}

/** Parses a key of the key ring, in either spelling of base64. */
export function secretKey(value: string): Secret {
  const bytes = Buffer.from(value, 'base64url')
  if (
    !/^[A-Za-z0-9_-]{43}$/.test(value.replaceAll('+', '-').replaceAll('/', '_').replace(/=$/, ''))
  ) {
    throw new Error(
      'must be keys of 32 bytes in base64url; make one with `openssl rand -base64 32`',
    )
  }
  if (new Set(bytes).size < 16)
    throw new Error('must be random; make one with `openssl rand -base64 32`')
  return new Secret(bytes.toString('base64url'))
}

/** Parses an IP address or a CIDR block. */
export function networkAddress(value: string): string {
  const [address = '', bits, ...rest] = value.split('/')
  const widest = address.includes(':') ? 128 : 32
  const isBlock = bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= widest)
  if (!isAddress(address) || !isBlock || rest.length > 0) {
    throw new Error('must be IP addresses or CIDR blocks')
  }
  return value
}

function isAddress(text: string): boolean {
  return ipaddr.IPv4.isValidFourPartDecimal(text) || ipaddr.IPv6.isValid(text)
}
