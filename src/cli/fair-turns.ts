/**
 * One process works on one thing at a time, and the operating system hands over requests in the order in which they came. A client
 * with hundreds of connections would have everybody else wait for all of its requests. Here each client with waiting requests has
 * one of them started, in turn.
 */
export type FairTurns = {
  /** Calls `start` at once when nothing waits, and otherwise when it is the client's turn. */
  wait(client: string | undefined, cost: number, start: () => void): void
}

/** The cost that may be started before the event loop looks for new requests again. */
const COST_OF_TURN = 8

type Waiting = { readonly cost: number; readonly start: () => void }

export function createFairTurns(): FairTurns {
  /** Clients in the order of their turns. */
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

/** The first request of the client whose turn it is; the client goes to the end of the line. */
function takeNext(waiting: Map<string, Waiting[]>): Waiting | undefined {
  const [client, requests] = waiting.entries().next().value ?? []
  if (client === undefined || requests === undefined) return undefined
  const next = requests.shift()
  waiting.delete(client)
  if (requests.length > 0) waiting.set(client, requests)
  return next
}
