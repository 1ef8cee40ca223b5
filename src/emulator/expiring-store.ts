/** A map whose entries expire; when there are too many, the oldest are removed first. */
export type ExpiringStore<Value> = {
  readonly size: number
  find(key: string): Value | undefined
  set(key: string, value: Value): void
  delete(key: string): void
  clear(): void
}

/** Creates a store whose entries live `maxAgeSeconds` after they were last set. */
export function createExpiringStore<Value>(options: {
  readonly now: () => Date
  readonly maxAgeSeconds: number
  readonly maxEntries: number
}): ExpiringStore<Value> {
  const entries = new Map<string, { readonly value: Value; readonly expiresAt: number }>()

  return {
    get size() {
      return entries.size
    },
    find(key) {
      const entry = entries.get(key)
      return entry && entry.expiresAt > options.now().getTime() ? entry.value : undefined
    },
    set(key, value) {
      entries.delete(key)
      entries.set(key, { value, expiresAt: options.now().getTime() + options.maxAgeSeconds * 1000 })
      prune(entries, options)
    },
    delete(key) {
      entries.delete(key)
    },
    clear() {
      entries.clear()
    },
  }
}

// All entries live equally long and move to the end when they are set, so the first one expires first.
function prune(
  entries: Map<string, { readonly expiresAt: number }>,
  options: { readonly now: () => Date; readonly maxEntries: number },
): void {
  for (const [key, { expiresAt }] of entries) {
    if (expiresAt > options.now().getTime() && entries.size <= options.maxEntries) return
    entries.delete(key)
  }
}
