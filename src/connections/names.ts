import { EntradaError } from '../errors/errors.ts'
import { findFreeName } from '../protocol/free-name.ts'
import { DISPLAY_NAME, ID_OR_SLUG, RESERVED, reservedWords } from '../protocol/text-patterns.ts'

/** Checks an id that was imported from another system. @throws {EntradaError} `request_invalid` */
export function checkGivenId(id: string): string {
  if (!ID_OR_SLUG.test(id) || RESERVED.test(id)) {
    throw new EntradaError('request_invalid', { parameter: 'id' })
  }
  return id
}

/**
 * Returns a slug as it is stored: in lower case, so that no two differ only by letter case.
 *
 * @throws {EntradaError} `request_invalid`
 */
export function checkSlug(slug: string): string {
  if (!ID_OR_SLUG.test(slug) || RESERVED.test(slug)) {
    throw new EntradaError('request_invalid', { parameter: 'slug' })
  }
  return slug.toLowerCase()
}

/** Tags spell a flag such as Scotland's; anywhere else they are invisible, and are replaced by a visible character. */
const TAGS = /(\u{1f3f4}[\u{e0020}-\u{e007e}]+\u{e007f})|[\u{e0000}-\u{e007f}]/gu

/** The length in code points, as JSON Schema counts. */
const MOST_NAME_LENGTH = 128

/**
 * Returns a text for display: one line, trimmed, without characters that change the direction of writing.
 *
 * @throws {EntradaError} `request_invalid`
 */
export function checkDisplayName(name: string): string {
  const trimmed = name.trim()
  if (!DISPLAY_NAME.test(trimmed) || [...trimmed].length > MOST_NAME_LENGTH) {
    throw new EntradaError('request_invalid', { parameter: 'name' })
  }
  return trimmed.toWellFormed().replace(TAGS, (_tag, flag?: string) => flag ?? '\ufffd')
}

/** Returns the slug for a name, from the second on with a number. */
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

/** Returns a free slug for a name that is not a reserved word. @throws {EntradaError} `slug_in_use` */
export async function findFreeSlug(
  name: string,
  findTaken: (slugs: readonly string[]) => Promise<ReadonlySet<string>>,
): Promise<string> {
  const slug = await findFreeName(
    (number) => numberedSlug(name, number),
    async (slugs) => new Set([...(await findTaken(slugs)), ...reservedWords]),
  )
  if (slug === undefined) throw new EntradaError('slug_in_use')
  return slug
}
