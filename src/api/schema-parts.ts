/** Parts that schemas of the API are put together from. */
import * as v from 'valibot'
import type { UserId } from '../storage/records.ts'
import { strictObject } from '../strict-object.ts'

export function text(max: number) {
  return v.pipe(v.string(), v.minLength(1), v.maxLength(max))
}

/** A moment in RFC 3339, as a `Date`. */
export const time = v.pipe(
  v.string(),
  v.isoTimestamp(),
  v.transform((value) => new Date(value)),
)

/** A moment in an answer. */
export const timeAnswer = v.pipe(v.string(), v.isoTimestamp())

/** Query parameters of every list. */
export const pageQuery = {
  limit: v.optional(
    v.pipe(
      v.string(),
      v.regex(/^\d{1,3}$/, 'must be a whole number from 1 to 200'),
      v.transform(Number),
      v.minValue(1),
      v.maxValue(200),
      v.description('How many, 1 to 200.'),
    ),
    '50',
  ),
  cursor: v.optional(
    v.pipe(text(512), v.description('`next` of the page before. Means nothing but that.')),
  ),
}

export const userIdQuery = v.pipe(
  v.string(),
  v.regex(/^usr_[\w-]{1,64}$/, 'must be the id of a user, which begins with usr_'),
  v.transform((id) => id as UserId), // the prefix is what the type says
)

/** Narrows a list to one organization; callers confined to one see no other anyway. */
export const organizationQuery = {
  organization: v.optional(v.pipe(text(64), v.description('Of this organization only.'))),
}

/** A page of a list, newest first. */
export function pageOf<Item extends v.GenericSchema>(item: Item) {
  return strictObject({
    items: v.array(item),
    next: v.pipe(
      v.nullable(v.string()),
      v.description('Cursor of the next page; `null` at the end.'),
    ),
  })
}

/** Text that a function of ours reads. `problem` is said where it answers `undefined`. */
export function parsed<T>(parse: (text: string) => T | undefined, problem: string) {
  return v.pipe(
    v.string(),
    v.maxLength(512),
    v.rawTransform<string, T>(({ dataset, addIssue, NEVER }) => {
      const value = parse(dataset.value)
      if (value !== undefined) return value
      addIssue({ message: problem })
      return NEVER
    }),
  )
}

/** An id or slug that is brought along; made when it is left out. */
export const givenText = v.pipe(
  v.string(),
  v.regex(/^[A-Za-z0-9_-]{1,64}$/, 'must be 1 to 64 letters, digits, `-` and `_`'),
)
export const givenId = v.optional(
  v.pipe(
    givenText,
    v.description('Brought along from another system; made when left out. Never changes.'),
  ),
)

export function searchQuery(what: string) {
  return {
    search: v.optional(v.pipe(text(200), v.description(`Part of ${what}, ignoring case.`))),
  }
}

/** Text that a parser of settings reads, which says itself what is wrong. */
export function saidBy(parse: (text: string) => string) {
  return v.pipe(
    v.string(),
    v.maxLength(512),
    v.rawTransform<string, string>(({ dataset, addIssue, NEVER }) => {
      try {
        return parse(dataset.value)
      } catch (error) {
        addIssue({ message: error instanceof Error ? error.message : 'is not valid' })
        return NEVER
      }
    }),
  )
}
