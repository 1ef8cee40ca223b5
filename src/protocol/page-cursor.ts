/** The place in a list after which its next page begins: the time and the id of the last item on the page. */
export type PagePlace = { readonly millis: number; readonly id: string }

/** Clients should not interpret a cursor. But they can read it, so its form is part of the OpenAPI document. */
export const PAGE_CURSOR = /^([0-9]{1,15})\.([A-Za-z0-9_-]{1,100})$/

/** Returns the cursor for a place in a list. */
export function toPageCursor({ millis, id }: PagePlace): string {
  return `${millis}.${id}`
}

/** Parses a cursor; returns `undefined` if the text is not one of ours. */
export function parsePageCursor(text: string): PagePlace | undefined {
  const [, millis, id] = PAGE_CURSOR.exec(text) ?? []
  return millis === undefined || id === undefined ? undefined : { millis: Number(millis), id }
}
