/** One parser for each kind of setting. Their messages complete the sentence "NAME …" and never repeat the value. */
import { canonicalAuthority } from '../identity-provider/entra/protocol/entra-hosts.ts'
import { Secret } from '../keys/secret.ts'
import { isDomainName, isGuid, PERSONAL_ACCOUNTS_TENANT_ID } from '../protocol/guid.ts'

export function text(value: string): string {
  return value
}

/** An address in its place, perhaps that of a database with its password, would be printed as a path. */
export function folder(value: string): string {
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(value)) throw new Error('must be a folder, not an address')
  return value
}

/** The text itself, once it was found to be right. */
export function checked(parse: (value: string) => unknown) {
  return (value: string): string => {
    parse(value)
    return value.trim()
  }
}

export function list(value: string): string[] {
  return value
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '')
}

export function nonEmptyList(value: string): string[] {
  const items = list(value)
  if (items.length === 0) throw new Error('holds nothing but commas')
  return items
}

export function oneOf<const T extends string>(...allowed: readonly T[]) {
  return (value: string): T => {
    const found = allowed.find((candidate) => candidate === value)
    if (found === undefined) throw new Error(`must be one of ${allowed.join(', ')}`)
    return found
  }
}

/** A whole number within bounds, which the message names both. */
function wholeNumber({ from, to, of = '' }: Bounds) {
  return (value: string): number => {
    const number = Number(value)
    if (/^\d{1,15}$/.test(value) && number >= from && number <= to) return number
    throw new Error(`must be a whole number${of} from ${from} to ${to}`)
  }
}
type Bounds = { readonly from: number; readonly to: number; readonly of?: string }

export const seconds = wholeNumber({ of: ' of seconds', from: 60, to: 999_999_999 })
export const drainSeconds = wholeNumber({ of: ' of seconds', from: 0, to: 300 })
export const count = wholeNumber({ from: 2, to: 9_999 })
export const perMinute = wholeNumber({ of: ' for each minute', from: 60, to: 999_999 })
export const days = wholeNumber({ of: ' of days', from: 1, to: 9_999 })
export const recheckMinutes = wholeNumber({ of: ' of minutes', from: 5, to: 1440 })

/** More often asks Entra for nothing new; less often than a day, sessions have ended anyway. */
export function isRecheckMinutes(minutes: number): boolean {
  return Number.isInteger(minutes) && minutes >= 5 && minutes <= 1440
}

/**
 * A password in which `@`, `/`, `#`, `?` or `:` stands as it is would be read as a part of the host or of the path, and be printed
 * as such. So nothing after the host may hold an `@`.
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

export function publicUrl(value: string): URL {
  const url = URL.parse(value)
  if (url === null || !['http:', 'https:'].includes(url.protocol)) {
    throw new Error('must be an address such as https://sso.example.com')
  }
  if (url.protocol === 'http:' && !isLoopbackHost(url.hostname)) {
    throw new Error('must start with https://; http is for localhost only')
  }
  if (url.pathname !== '/' || url.search || url.hash || url.username || url.password) {
    throw new Error('must be scheme, host and port only, without a path')
  }
  return url
}

/** What a browser takes as `Domain`. That it is no suffix such as `co.uk`, under which strangers live, it knows better than we do. */
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

/** Under the name that the tokens have: `login.windows.net` is the worldwide cloud, and no cloud of its own. */
export function authority(value: string): URL {
  return canonicalAuthority(publicUrl(value))
}

/** `localhost`, names under it, and the loopback addresses: what a browser treats as this machine. */
export function isLoopbackHost(hostname: string): boolean {
  return /^(localhost|([a-z0-9-]+\.)+localhost|127(\.\d{1,3}){3}|\[::1\])$/i.test(hostname)
}

export type ListenAddress = { readonly host: string; readonly port: number }

export function listenAddress(value: string): ListenAddress {
  const match = /^(?:(\[[0-9a-f:.]+\]|[a-z0-9.-]+):)?(\d{1,5})$/i.exec(value)
  const port = Number(match?.[2])
  if (match === null || port > 65_535)
    throw new Error('must be host:port, such as 127.0.0.1:3000, with a port up to 65535')
  return { host: (match[1] ?? '127.0.0.1').replace(/^\[|\]$/g, ''), port }
}

export function tenant(value: string): string {
  const folded = value.toLowerCase()
  if (['common', 'organizations', 'consumers', PERSONAL_ACCOUNTS_TENANT_ID].includes(folded)) {
    throw new Error(
      'must be one directory; common, organizations, consumers and the personal tenant are not',
    )
  }
  if (!isGuid(folded) && !isDomainName(folded)) {
    throw new Error('must be a tenant id (GUID) or a domain such as contoso.com, not an address')
  }
  return folded
}

export function clientId(value: string): string {
  if (!isGuid(value)) throw new Error('must be an application (client) id, which is a GUID')
  return value.toLowerCase()
}

/** Entra makes secrets of letters, digits and symbols, never commas or white space (`decisions/0010-credentials.md`). */
export function clientSecrets(value: string): readonly Secret[] {
  const values = [...new Set(value.split(/[\s,]+/).filter((item) => item !== ''))]
  if (values.length === 0) throw new Error('holds nothing but commas')
  if (values.some(isGuid)) {
    throw new Error(
      "is shaped like the secret's ID; the secret value stands in the column beside it",
    )
  }
  return values.map((one) => new Secret(one))
}

/** `-` stands for a date that is not known. */
export function expiryDates(value: string): readonly (Date | undefined)[] {
  const items = value.split(/[\s,]+/).filter((item) => item !== '')
  return items.map((item) => (item === '-' ? undefined : expiryDate(item)))
}

function expiryDate(text: string): Date {
  const [, day = '', time] = /^(\d{4}-\d\d-\d\d)(T\d\d:\d\d:\d\d(?:\.\d{1,7})?Z)?$/.exec(text) ?? []
  const date = new Date(`${day}${time ?? 'T00:00:00Z'}`)
  // A day that does not exist, such as 30 February, would silently become another.
  if (Number.isNaN(date.getTime()) || date.toISOString().slice(0, 10) !== day) {
    throw new Error('must be dates such as 2027-11-22, or `-` where one is not known')
  }
  return date
}

export function operatorToken(value: string): Secret {
  if (value.length < 43)
    throw new Error('must be at least 43 characters, which hold 32 random bytes')
  if (new Set(value).size < 12)
    throw new Error('must be random; make one with `openssl rand -base64 32`')
  return new Secret(value)
}

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

/** An IP address or a CIDR block. Checked without `node:net`, since the library's door is free of Node's modules. */
export function networkAddress(value: string): string {
  const [address = '', bits, ...rest] = value.split('/')
  const isVersion6 = address.includes(':')
  const isAddress = isVersion6
    ? URL.canParse(`http://[${address.replace(/%[\w.-]+$/, '')}]`) // a link-local address may name its interface
    : IPV4.test(address)
  const isBlock =
    bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (isVersion6 ? 128 : 32))
  if (!isAddress || !isBlock || rest.length > 0)
    throw new Error('must be IP addresses or CIDR blocks')
  return value
}

const IPV4 = /^(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(?:\.(?!$)|$)){4}$/
