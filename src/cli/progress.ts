/** Shows the progress of long work on standard error: a bar on a terminal, elsewhere a line from time to time. */
import type { CliContext } from './command.ts'

export type Progress = {
  /** Shows that `done` items are finished. */
  readonly show: (done: number) => void
  readonly end: () => void
}

const BAR_WIDTH = 30
const TERMINAL_INTERVAL_MS = 100
/** Without a terminal, work that takes less time than this shows no progress. */
const LINE_INTERVAL_MS = 10_000

/** Creates the progress display. `silent` is for `--json`, with which a program reads standard error. */
export function createProgress(
  { now, printError, progressLine }: Pick<CliContext, 'now' | 'printError' | 'progressLine'>,
  {
    total,
    noun,
    silent,
  }: { readonly total: number; readonly noun: string; readonly silent: boolean },
): Progress {
  const startedAt = now().getTime()
  let shownAt = startedAt
  const interval = progressLine ? TERMINAL_INTERVAL_MS : LINE_INTERVAL_MS
  return {
    show(done) {
      const time = now().getTime()
      if (silent || time - shownAt < interval) return
      shownAt = time
      const text = `${grouped(done)} of ${grouped(total)} ${noun}${timeLeft(time - startedAt, done / total)}`
      if (progressLine) progressLine(`${bar(done / total)} ${text}`)
      else printError(`entrada: ${text}`)
    },
    end() {
      if (!silent) progressLine?.(undefined)
    },
  }
}

function bar(share: number): string {
  const filled = Math.round(Math.min(1, share) * BAR_WIDTH)
  return `[${'#'.repeat(filled)}${'.'.repeat(BAR_WIDTH - filled)}]`
}

function timeLeft(elapsedMs: number, share: number): string {
  if (share <= 0 || share >= 1) return ''
  const seconds = Math.round((elapsedMs / share - elapsedMs) / 1000)
  return seconds < 90 ? `, about ${seconds} s left` : `, about ${Math.round(seconds / 60)} min left`
}

function grouped(number: number): string {
  return String(number).replace(/\B(?=(\d{3})+$)/g, ',')
}
