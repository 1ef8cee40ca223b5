/** Parts of the API's schemas. The OpenAPI document shows what they refuse. */
import * as v from 'valibot'
import { parseDomainName } from '../protocol/domain-name.ts'
import { PAGE_CURSOR } from '../protocol/page-cursor.ts'
import { strictObject } from '../protocol/strict-object.ts'
import {
  DISPLAY_NAME,
  DOMAIN_NAME,
  EMAIL_ADDRESS,
  GUID,
  ID_OR_SLUG,
  NOT_ASCII,
  NOT_BLANK,
  RESERVED,
  ROLE_NAME,
  TIME,
} from '../protocol/text-patterns.ts'
import type { UserId } from '../storage/records.ts'

/** Returns a schema for text of one to `max` code points, which is how JSON Schema counts. */
export function text(max: number) {
  return v.pipe(v.string(), v.minLength(1), v.maxCodePoints(max))
}

/** Returns a schema for text that is not blank. */
export function reasonText(max: number) {
  return v.pipe(text(max), v.regex(NOT_BLANK, 'must not be blank'))
}

/** Constraints that a parser checks in addition to the type, as JSON Schema keywords. */
export type Published = {
  readonly pattern?: RegExp
  readonly maxLength: number
  readonly format?: string
  readonly not?: { readonly pattern: string }
  readonly anyOf?: readonly { readonly pattern: string; readonly format?: string }[]
}

/** Returns a schema for text that a function parses. `problem` is the message if the function returns `undefined`. */
export function parsed<T>(
  parse: (text: string) => T | undefined,
  problem: string,
  published: Published,
) {
  return readBy((text) => {
    const value = parse(text)
    if (value === undefined) throw new Error(problem)
    return value
  }, published)
}

/**
 * Returns a schema for text that a parser reads whose errors are the messages. The parser may accept more than is published, such
 * as an address in upper case: that is refused as well, so that the document and the server agree.
 */
export function readBy<T>(parse: (text: string) => T, published: Published) {
  const { pattern, maxLength, ...others } = published
  return v.pipe(
    v.string(),
    v.maxCodePoints(maxLength),
    v.metadata({ ...others, ...(pattern ? { pattern: pattern.source } : {}) }),
    v.rawTransform<string, T>(({ dataset, addIssue, NEVER }) => {
      try {
        const value = parse(dataset.value)
        if (pattern?.test(dataset.value) ?? true) return value
        addIssue({ message: 'does not have the format of the OpenAPI document' })
      } catch (error) {
        addIssue({ message: error instanceof Error ? error.message : 'is not valid' })
      }
      return NEVER
    }),
  )
}

/** A time in RFC 3339, as it was sent. */
export const timeText = v.pipe(
  v.string(),
  v.check(isTime, 'must be a time such as 2027-11-22T08:00:00Z'),
  v.metadata({ format: 'date-time', pattern: TIME.source }),
)
/** A time in RFC 3339, as a `Date`. */
export const time = v.pipe(
  timeText,
  v.transform((value) => new Date(value)),
)

/** `new Date` would turn 30 February into 2 March. */
function isTime(text: string): boolean {
  if (!TIME.test(text)) return false
  const day = text.slice(0, 10)
  return new Date(`${day}T00:00:00Z`).toISOString().startsWith(day)
}

/** A time in a response. */
export const timeAnswer = v.pipe(v.string(), v.isoTimestamp())

/** Query parameters of every list. */
export const pageQuery = {
  limit: v.pipe(
    v.optional(
      v.pipe(
        v.string(),
        v.check(
          (value) => /^(?:[1-9]\d?|1\d\d|200)$/.test(value),
          'must be a whole number from 1 to 200',
        ),
        v.metadata({ type: 'integer', minimum: 1, maximum: 200, description: 'How many.' }),
        v.transform(Number),
      ),
      '50',
    ),
    v.metadata({ default: 50 }),
  ),
  cursor: v.optional(cursorText(PAGE_CURSOR)),
}

/** Returns a schema for the cursor of a page. */
export function cursorText(pattern: RegExp) {
  return v.pipe(
    text(128),
    v.regex(pattern, 'must be `next` of the previous page'),
    v.description('`next` of the previous page. Its content is opaque.'),
  )
}

export const userIdQuery = v.pipe(
  v.string(),
  v.regex(/^usr_[A-Za-z0-9_-]{1,64}$/, 'must be the id of a user, which begins with usr_'),
  v.transform((id) => id as UserId), // the type requires this prefix
)

/** Limits a list to one organization; callers that are limited to one see no other anyway. */
export const organizationQuery = {
  organization: v.optional(v.pipe(text(64), v.description('Of this organization only.'))),
}

/** Returns a schema for a page of a list, newest first. */
export function pageOf<Item extends v.GenericSchema>(item: Item) {
  return strictObject({
    items: v.array(item),
    next: v.pipe(
      v.nullable(v.string()),
      v.description('Cursor of the next page; `null` at the end.'),
    ),
  })
}

/** An id or slug that the client may choose; it is created if it is absent. */
export const givenText = v.pipe(
  v.string(),
  v.regex(ID_OR_SLUG, 'must be 1 to 64 letters, digits, `-` and `_`'),
)
export const givenId = v.optional(
  v.pipe(
    givenText,
    v.check((value) => !RESERVED.test(value), 'is a word that Entrada uses in its addresses'),
    v.metadata({ not: { pattern: RESERVED.source } }),
    v.description(
      'An id of another system; Entrada generates one if it is omitted. It can never be changed.',
    ),
  ),
)

/** The name of an organization, a connection or a key, for display. */
export const displayName = v.pipe(
  text(128),
  v.regex(DISPLAY_NAME, 'must be one line of text without invisible characters'),
)

export const roleName = v.pipe(
  v.string(),
  v.regex(ROLE_NAME, 'must be 1 to 64 letters, digits and `._:-`'),
)

export const guid = v.pipe(
  v.string(),
  v.regex(GUID, 'must be a GUID, such as 0a000000-0000-4000-8000-000000000001'),
  v.metadata({ format: 'uuid' }),
  v.toLowerCase(),
)

export const email = v.pipe(
  text(254),
  v.regex(EMAIL_ADDRESS, 'must be an email address'),
  v.metadata({ format: 'email' }),
)

/** A domain, in lower-case ASCII. Zone files write a dot at its end. */
export const domainName = parsed(
  (typed) => parseDomainName(typed.replace(/\.$/, '')),
  'is not the name of a domain',
  {
    maxLength: 253,
    anyOf: [
      { pattern: DOMAIN_NAME.source, format: 'hostname' },
      { pattern: NOT_ASCII.source, format: 'idn-hostname' },
    ],
  },
)

/** Returns the query parameter of a search. */
export function searchQuery(what: string) {
  return {
    search: v.optional(
      v.pipe(
        text(200),
        v.description(
          `Part of ${what}, ignoring case and accents. One or two letters find beginnings of words.`,
        ),
      ),
    ),
  }
}
