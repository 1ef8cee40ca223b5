/**
 * A process handles one request at a time, in the order in which the requests arrive, so a client with hundreds of connections would
 * make all other clients wait for its requests. Here the clients take turns: each turn starts one request of the next client.
 */
export type FairTurns = {
  /** Calls `start` at once if no request waits, else when it is the client's turn. */
  wait(client: string | undefined, cost: number, start: () => void): void
}

/** The cost of the requests that are started before the event loop accepts new ones. */
const COST_OF_TURN = 8

type Waiting = { readonly cost: number; readonly start: () => void }

/** Creates the turns; no request is waiting yet. */
export function createFairTurns(): FairTurns {
  /** The waiting requests of each client, in the order of the clients' turns. */
  const waiting = new Map<string, Waiting[]>()
  let spent = 0
  let isScheduled = false

  function schedule(): void {
    if (isScheduled) return
    isScheduled = true
    setImmediate(nextTurn)
  }

  function nextTurn(): void {
    isScheduled = false
    spent = 0
    while (spent < COST_OF_TURN) {
      const next = takeNext(waiting)
      if (next === undefined) break
      start(next)
    }
    if (spent > 0) schedule()
  }

  function start(next: Waiting): void {
    spent += next.cost
    next.start()
  }

  return {
    wait(client = '', cost, begin) {
      schedule()
      if (waiting.size === 0 && spent < COST_OF_TURN) start({ cost, start: begin })
      else {
        const ofClient = waiting.get(client)
        if (ofClient) ofClient.push({ cost, start: begin })
        else waiting.set(client, [{ cost, start: begin }])
      }
    },
  }
}

/** Returns the first request of the client whose turn it is, and moves that client to the end of the order. */
function takeNext(waiting: Map<string, Waiting[]>): Waiting | undefined {
  const [client, requests] = waiting.entries().next().value ?? []
  if (client === undefined || requests === undefined) return undefined
  const next = requests.shift()
  waiting.delete(client)
  if (requests.length > 0) waiting.set(client, requests)
  return next
}
