/**
 * Creates a memory of at most `most` values by key. A missing value is created; the value that was not used for the longest time makes
 * room.
 */
export function keepRecent<T>(most: number): (key: string, create: () => T) => T {
  const kept = new Map<string, T>()
  return (key, create) => {
    const value = kept.get(key) ?? create()
    kept.delete(key)
    kept.set(key, value)
    const [oldest] = kept.keys()
    if (kept.size > most && oldest !== undefined) kept.delete(oldest)
    return value
  }
}
