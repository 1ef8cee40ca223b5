/** The place in a list after which its next page begins: the time and the id of the last item that was shown. */
export type PagePlace = { readonly millis: number; readonly id: string }

/** Clients are to take a cursor as it is; that it can be read makes its form a part of the OpenAPI document. */
export const PAGE_CURSOR = /^([0-9]{1,15})\.([A-Za-z0-9_-]{1,100})$/

export function toPageCursor({ millis, id }: PagePlace): string {
  return `${millis}.${id}`
}

/** `undefined`: not one of ours. */
export function parsePageCursor(text: string): PagePlace | undefined {
  const [, millis, id] = PAGE_CURSOR.exec(text) ?? []
  return millis === undefined || id === undefined ? undefined : { millis: Number(millis), id }
}
