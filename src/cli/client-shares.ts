/** Places that clients share, such as connections or concurrent requests. */
export type Shares = {
  /**
   * Takes a place and returns the function that gives it back, or returns `undefined` when none may be taken.
   *
   * `client`: the client that the place is counted for. `undefined` means that the client is not known: no limit per client applies, and
   * any free place may be taken.
   * `lose`: called when the place is taken away for another client. Without it, the place is never taken away.
   */
  take(client: string | undefined, lose?: () => void): (() => void) | undefined
  readonly free: () => number
}

type Place = { readonly lose?: (() => void) | undefined }

/**
 * Creates places to share. A client may have as many places as are still free, so one client gets half of them at most. Many clients
 * together can use all places; then a client that has none gets the oldest place of the client that has most.
 */
export function createShares(places: number): Shares {
  const placesByClient = new Map<string, Set<Place>>()
  let free = places

  function giveBack(client: string | undefined, place: Place): void {
    if (client === undefined) {
      free += 1
      return
    }
    const ofClient = placesByClient.get(client)
    // The client of a place that was taken away still gives it back later, which must not count twice.
    if (!ofClient?.delete(place)) return
    free += 1
    if (ofClient.size === 0) placesByClient.delete(client)
  }

  function takeFromLargest(): void {
    let most: { readonly client: string; readonly ofClient: Set<Place> } | undefined
    for (const [client, ofClient] of placesByClient) {
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
      const ownCount = client === undefined ? 0 : (placesByClient.get(client)?.size ?? 0)
      if (free === 0 && ownCount === 0) takeFromLargest()
      if (ownCount >= free) return undefined
      free -= 1
      const place: Place = { lose }
      if (client !== undefined)
        placesByClient.set(client, (placesByClient.get(client) ?? new Set()).add(place))
      return once(() => giveBack(client, place))
    },
  }
}

/** A place that was given back twice would admit one request too many from then on. */
function once(work: () => void): () => void {
  let isDone = false
  return () => {
    if (isDone) return
    isDone = true
    work()
  }
}
