/** One row for each system, from the figures of all rounds. */
import type { Measured } from './processes.ts'
import type { SystemName } from './systems.ts'

export const modes = ['first', 'known', 'check'] as const
export type Mode = (typeof modes)[number]

export const titles: Readonly<Record<Mode, string>> = {
  first: 'First sign-in of a person',
  known: 'Sign-in of a person who was there before',
  check: 'Session check',
}

export type Figures = {
  readonly system: SystemName
  readonly mode: Mode
  readonly atOnce: number
  readonly startMs: number
} & Measured

export type Row = Figures & { readonly bestCpuMs: number }

export type Summary = {
  readonly mode: Mode
  readonly atOnce: number
  readonly rows: readonly Row[]
}

/** The round with the median CPU time represents a system, so that one round on a busy machine changes nothing. */
export function summarize(figures: readonly Figures[]): readonly Summary[] {
  const kinds = new Map(figures.map((figure) => [`${figure.mode} ${figure.atOnce}`, figure]))
  return [...kinds.values()].map(({ mode, atOnce }) => {
    const ofKind = figures.filter((figure) => figure.mode === mode && figure.atOnce === atOnce)
    const names = [...new Set(ofKind.map(({ system }) => system))]
    return {
      mode,
      atOnce,
      rows: names.flatMap((name) => medianOf(ofKind.filter(({ system }) => system === name))),
    }
  })
}

function medianOf(rounds: readonly Figures[]): readonly Row[] {
  const sorted = [...rounds].sort((round, other) => round.cpuMs - other.cpuMs)
  const [best, median] = [sorted[0], sorted[Math.floor(sorted.length / 2)]]
  return best && median ? [{ ...median, bestCpuMs: best.cpuMs }] : []
}
