/** A clock that does not move until the test moves it. */
export type TestClock = { now(): Date; advanceSeconds(seconds: number): void }

/** Creates the clock. Pass its `now` to `createEntrada`. */
export function createTestClock(at = '2026-11-22T12:00:00.000Z'): TestClock {
  let time = new Date(at).getTime()
  return {
    now: () => new Date(time),
    advanceSeconds(seconds) {
      time += seconds * 1000
    },
  }
}
