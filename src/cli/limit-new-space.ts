/**
 * Keeps the space for new objects small. V8 doubles it under load, up to 128 MB on a large machine, and gives hardly any of it back: after
 * some thousand sign-ins most of the memory of a server would be empty space (`decisions/0044-start-and-memory.md`).
 */
import { getHeapSpaceStatistics, setFlagsFromString } from 'node:v8'

/** Both halves together. With more, a sign-in takes no less CPU time. */
const MOST_BYTES = 16 * 1_048_576
const CHECK_EVERY_MS = 500

/**
 * Starts to keep it small, and returns the function that stops that. Does nothing where the operator chose a size: `flags` are those of
 * the command line and of `NODE_OPTIONS`.
 */
export function limitNewSpace(flags: readonly string[]): () => void {
  if (flags.some((flag) => /semi[-_]space/.test(flag))) return () => {}
  const timer = setInterval(stopOrAllowGrowth, CHECK_EVERY_MS)
  timer.unref()
  return () => {
    clearInterval(timer)
    setFlagsFromString('--semi-space-growth-factor=2')
  }
}

/** V8 reads the factor whenever it could grow the space. It also shrinks the space of a process that rests, which may then grow again. */
function stopOrAllowGrowth(): void {
  setFlagsFromString(`--semi-space-growth-factor=${newSpaceBytes() < MOST_BYTES ? 2 : 1}`)
}

/** Returns the size of the space for new objects. */
export function newSpaceBytes(): number {
  const space = getHeapSpaceStatistics().find(({ space_name: name }) => name === 'new_space')
  return space?.space_size ?? 0
}
