/** A clock that stands still until the test moves it. */
export type Clock = { now(): Date; advanceSeconds(seconds: number): void }

export function stoppedClock(at = '2026-11-22T12:00:00.000Z'): Clock {
  let time = new Date(at).getTime()
  return {
    now: () => new Date(time),
    advanceSeconds(seconds) {
      time += seconds * 1000
    },
  }
}
