import type { Page, PageRequest } from '../storage/storage.ts'

/** Returns the page that the query of a list asks for. */
export function pageRequest({
  limit,
  cursor,
}: {
  readonly limit: number
  readonly cursor?: string | undefined
}): PageRequest {
  return { limit, ...(cursor ? { after: cursor } : {}) }
}

/** Returns a page of a list as JSON. */
export function pageJson<T, Json>({ items, next }: Page<T>, toJson: (item: T) => Json) {
  return { items: items.map(toJson), next: next ?? null }
}

type Defined<T> = { [K in keyof T]: Exclude<T[K], undefined> }
type RequiredKeys<T> = { [K in keyof T]-?: undefined extends T[K] ? never : K }[keyof T]

/** Returns the object without the members that are `undefined`. */
export function withoutUndefined<T extends object>(
  value: T,
): Partial<Defined<T>> & Defined<Pick<T, RequiredKeys<T>>> {
  const present = Object.entries(value).filter(([, member]) => member !== undefined)
  return Object.fromEntries(present) as Partial<Defined<T>> & Defined<Pick<T, RequiredKeys<T>>> // the same members, fewer
}

type NotNull<T> = { [K in keyof T]: Exclude<T[K], null | undefined> }
type NullKeys<T> = {
  [K in keyof T]-?: null extends T[K] ? K : undefined extends T[K] ? K : never
}[keyof T]

/** Returns the object without the members that are `null` or `undefined`, which were not sent. */
export function withoutNull<T extends object>(
  value: T,
): Partial<NotNull<Pick<T, NullKeys<T>>>> & Omit<T, NullKeys<T>> {
  const present = Object.entries(value).filter(
    ([, member]) => member !== undefined && member !== null,
  )
  return Object.fromEntries(present) as Partial<NotNull<Pick<T, NullKeys<T>>>> &
    Omit<T, NullKeys<T>> // the same members, fewer
}
