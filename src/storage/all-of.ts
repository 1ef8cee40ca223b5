import type { Page, PageRequest } from './storage.ts'

const PAGE_SIZE = 200

/** Iterates over the records of a list, newest first. Each page is read when it is needed; at most `mostPages` are. */
export async function* allOf<Item>(
  list: (page: PageRequest) => Promise<Page<Item>>,
  mostPages = Number.POSITIVE_INFINITY,
): AsyncGenerator<Item, void> {
  let after: string | undefined
  for (let count = 0; count < mostPages; count += 1) {
    const page = await list({ limit: PAGE_SIZE, ...(after === undefined ? {} : { after }) })
    yield* page.items
    if (page.next === undefined) return
    after = page.next
  }
}
