import { EntradaError } from '../errors.ts'

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

/** Slugs to try for a name, in order. @see `createMembership`, which does the same with usernames */
export function* slugsFor(name: string): Generator<string> {
  const base =
    name
      .normalize('NFKD')
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, '-')
      .replace(/^-+|-+$/g, '')
      .slice(0, 48) || 'organization'
  if (!reserved.has(base)) yield base
  for (let number = 2; number < 1_000; number += 1) yield `${base}-${number}`
}
