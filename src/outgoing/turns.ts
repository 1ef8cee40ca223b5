/** Runs a limited number of pieces of work at once. Others wait in order, and when too many wait, further ones are refused. */
export type Turns = {
  run<T>(work: () => Promise<T>): Promise<T>
}

/** Creates turns for work. `full` creates the error for work that is refused because too much other work waits. */
export function createTurns(options: {
  readonly atOnce: number
  readonly mostWaiting: number
  readonly full: () => Error
}): Turns {
  const { atOnce, mostWaiting, full } = options
  const waiting: (() => void)[] = []
  let running = 0

  async function start(): Promise<void> {
    if (running < atOnce) {
      running += 1
      return
    }
    if (waiting.length >= mostWaiting) throw full()
    // Work that ends hands its place to the next one, so `running` does not change.
    await new Promise<void>((resolve) => waiting.push(resolve))
  }

  function end(): void {
    const next = waiting.shift()
    if (next) next()
    else running -= 1
  }

  return {
    async run(work) {
      await start()
      try {
        return await work()
      } finally {
        end()
      }
    },
  }
}
