/** Lets only so many pieces of work run at once; others wait in order, and beyond that are refused. */
export type Turns = {
  run<T>(work: () => Promise<T>): Promise<T>
}

/** `full` makes the error of work that would have to wait behind too much other work. */
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
    // Work that ends hands its place over, so that `running` stays as it is.
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
