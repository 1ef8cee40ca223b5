import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createTestClock } from '../testing/test-clock.ts'
import { createProgress } from './progress.ts'

function openProgress({ terminal = false, silent = false } = {}) {
  const clock = createTestClock()
  const lines: (string | undefined)[] = []
  const shown = (line: string | undefined) => void lines.push(line)
  const context = {
    now: clock.now,
    printError: shown,
    ...(terminal ? { progressLine: shown } : {}),
  }
  const progress = createProgress(context, { total: 100_000, noun: 'people', silent })
  return { clock, lines, progress }
}

describe('createProgress', () => {
  it('shows a bar on a terminal, and clears it at the end (O6)', () => {
    const { clock, lines, progress } = openProgress({ terminal: true })
    clock.advanceSeconds(60)
    progress.show(25_000)
    progress.show(25_001)
    progress.end()
    assert.deepEqual(lines, [
      `[${'#'.repeat(8)}${'.'.repeat(22)}] 25,000 of 100,000 people, about 3 min left`,
      undefined,
    ])
  })

  it('prints a line every ten seconds elsewhere, and none for short work (O6)', () => {
    const { clock, lines, progress } = openProgress()
    clock.advanceSeconds(9)
    progress.show(50_000)
    clock.advanceSeconds(1)
    progress.show(50_000)
    clock.advanceSeconds(1)
    progress.show(51_000)
    progress.end()
    assert.deepEqual(lines, ['entrada: 50,000 of 100,000 people, about 10 s left'])
  })

  it('leaves standard error to the program that asked for JSON (O6)', () => {
    const { clock, lines, progress } = openProgress({ terminal: true, silent: true })
    clock.advanceSeconds(60)
    progress.show(1)
    progress.end()
    assert.deepEqual(lines, [])
  })
})
