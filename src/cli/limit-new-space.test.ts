import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { describe, it } from 'node:test'

/** Returns the largest space for new objects, in MB, of a process that keeps many of its objects for a while. */
function largestNewSpace(flags: readonly string[], nodeFlags: readonly string[] = []): number {
  const text = `
    import { limitNewSpace, newSpaceBytes } from '${import.meta.dirname}/limit-new-space.ts'
    import { setTimeout as sleep } from 'node:timers/promises'
    const stop = limitNewSpace(${JSON.stringify(flags)})
    let kept = []
    let most = 0
    for (let turn = 0; turn < 120; turn += 1) {
      for (let made = 0; made < 20_000; made += 1) kept.push({ made, list: [made, turn] })
      if (kept.length > 60_000) kept = []
      most = Math.max(most, newSpaceBytes())
      await sleep(turn < 20 ? 50 : 0)
    }
    stop()
    console.log(most / 1_048_576)`
  const parameters = [...nodeFlags, '--input-type=module', '--eval', text]
  const { stdout, stderr } = spawnSync(process.execPath, parameters, { encoding: 'utf8' })
  assert.equal(stderr, '')
  return Number(stdout)
}

describe('limitNewSpace', () => {
  it('keeps the space for new objects below what V8 would make of it', () => {
    const limited = largestNewSpace([])
    const unlimited = largestNewSpace(['--max-semi-space-size=64'], ['--max-semi-space-size=64'])
    assert.ok(limited <= 32, `${limited} MB`)
    assert.ok(limited < unlimited, `${limited} MB, and ${unlimited} MB without the limit`)
  })
})
