import { EntradaError } from '../errors.ts'
import { findFreeName } from '../free-name.ts'

/** Words that stand in addresses of ours, or that people would take for something of ours. */
const reserved: ReadonlySet<string> = new Set([
  'account',
  'admin',
  'api',
  'assets',
  'auth',
  'callback',
  'connection',
  'default',
  'deployment',
  'entra',
  'initiate',
  'login',
  'logout',
  'me',
  'new',
  'setup',
  'token',
  'verify',
])

/** An id that was brought along from another system. @throws {EntradaError} `request_invalid` */
export function checkGivenId(id: string): string {
  if (!/^[A-Za-z0-9_-]{1,64}$/.test(id) || reserved.has(id.toLowerCase())) {
    throw new EntradaError('request_invalid', { parameter: 'id' })
  }
  return id
}

/** A slug as it is stored: lower case, so that no two differ by letter case alone. @throws {EntradaError} `request_invalid` */
export function checkSlug(slug: string): string {
  const folded = slug.toLowerCase()
  if (!/^[a-z0-9_-]{1,64}$/.test(folded) || reserved.has(folded)) {
    throw new EntradaError('request_invalid', { parameter: 'slug' })
  }
  return folded
}

/** What Persian and Indic words, and many emoji, are written with. */
const joiners = /[\u200c\u200d]/g

/** Text that people read: one line, trimmed, nothing that turns the direction of writing. @throws {EntradaError} `request_invalid` */
export function checkDisplayName(name: string): string {
  const trimmed = name.trim()
  if (
    trimmed === '' ||
    trimmed.length > 128 ||
    /[\p{Cc}\p{Cf}]/u.test(trimmed.replace(joiners, ''))
  ) {
    throw new EntradaError('request_invalid', { parameter: 'name' })
  }
  return trimmed.toWellFormed()
}

/** The slug for a name, from the second on with a number. */
export function numberedSlug(name: string, number: number): string {
  const base =
    name
      .normalize('NFKD')
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, '-')
      .replace(/^-+|-+$/g, '')
      .slice(0, 48) || 'organization'
  return number === 1 ? base : `${base}-${number}`
}

/** A slug for a name that is free, and none of our own words. @throws {EntradaError} `slug_in_use` */
export async function findFreeSlug(
  name: string,
  findTaken: (slugs: readonly string[]) => Promise<ReadonlySet<string>>,
): Promise<string> {
  const slug = await findFreeName(
    (number) => numberedSlug(name, number),
    async (slugs) => new Set([...(await findTaken(slugs)), ...reserved]),
  )
  if (slug === undefined) throw new EntradaError('slug_in_use')
  return slug
}
