/** The emulator's clock. It can be put wrong, as real ones are: everything Entra says about time moves with it. */
export type EmulatorClock = {
  readonly now: () => Date
  offsetSeconds: number
}

/** Creates a clock that is right until an offset is set. */
export function createClock(
  now: () => Date = () => new Date(),
  offsetSeconds: number = 0,
): EmulatorClock {
  const clock = {
    offsetSeconds,
    now: () => new Date(now().getTime() + clock.offsetSeconds * 1000),
  }
  return clock
}

/** Sets the clock off by seconds, at most ten years. */
export function setClockOffset(clock: EmulatorClock, seconds: number): void {
  if (!Number.isFinite(seconds) || Math.abs(seconds) > MOST_SECONDS) {
    throw new Error('the clock can be off by at most ten years')
  }
  clock.offsetSeconds = seconds
}

const MOST_SECONDS = 10 * 366 * 86_400
