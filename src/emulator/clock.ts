/** The emulator's clock. It can be set wrong, as real ones sometimes are: every time that Entra sends moves with it. */
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

/** Sets the clock wrong by some seconds, at most ten years. */
export function setClockOffset(clock: EmulatorClock, seconds: number): void {
  if (!Number.isFinite(seconds) || Math.abs(seconds) > MOST_SECONDS) {
    throw new Error('the clock can be off by at most ten years')
  }
  clock.offsetSeconds = seconds
}

const MOST_SECONDS = 10 * 366 * 86_400
