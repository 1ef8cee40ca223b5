/** Places that clients share, such as connections or requests under way. */
export type Shares = {
  /**
   * Takes a place and returns the function that gives it back, or returns `undefined` when none may be taken.
   *
   * `client`: whose share it is. A client that cannot be told apart (`undefined`) has no share of its own, and may take any free place.
   * `lose`: called when the place is taken away for another client. Without it the place is kept until it is given back.
   */
  take(client: string | undefined, lose?: () => void): (() => void) | undefined
  readonly free: () => number
}

type Place = { readonly lose?: (() => void) | undefined }

/**
 * A client may hold as many places as are still free, so one client gets half of them at most. Many clients together can use up all
 * places; then a client that holds none gets the oldest place of the client that holds most.
 */
export function createShares(places: number): Shares {
  const held = new Map<string, Set<Place>>()
  let free = places

  function giveBack(client: string | undefined, place: Place): void {
    if (client === undefined) {
      free += 1
      return
    }
    const ofClient = held.get(client)
    // A place that was taken away is given back by its holder later, and must not count twice.
    if (!ofClient?.delete(place)) return
    free += 1
    if (ofClient.size === 0) held.delete(client)
  }

  function takeFromLargest(): void {
    let most: { readonly client: string; readonly ofClient: Set<Place> } | undefined
    for (const [client, ofClient] of held) {
      if (ofClient.size > (most?.ofClient.size ?? 1)) most = { client, ofClient }
    }
    const oldest = most && [...most.ofClient].find(({ lose }) => lose !== undefined)
    if (oldest === undefined) return
    giveBack(most?.client, oldest)
    oldest.lose?.()
  }

  return {
    free: () => free,
    take(client, lose) {
      const own = client === undefined ? 0 : (held.get(client)?.size ?? 0)
      if (free === 0 && own === 0) takeFromLargest()
      if (own >= free) return undefined
      free -= 1
      const place: Place = { lose }
      if (client !== undefined) held.set(client, (held.get(client) ?? new Set()).add(place))
      return once(() => giveBack(client, place))
    },
  }
}

/** A place that is given back twice would let in one request too many for good. */
function once(work: () => void): () => void {
  let isDone = false
  return () => {
    if (isDone) return
    isDone = true
    work()
  }
}
