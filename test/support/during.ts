/** A rig in which something happens while Entra is asked: what was read before that must not decide. */
import type { TestContext } from 'node:test'
import type { Rig, RigOptions } from './rig.ts'
import { openRig } from './steps.ts'

export type Interrupted = {
  readonly rig: Rig
  /** Does this once, after Entra has answered the next request whose address holds `part` and before the answer arrives. */
  during(part: string, work: () => Promise<unknown>): void
}

export async function openInterrupted(
  t: TestContext,
  options: RigOptions = {},
): Promise<Interrupted> {
  let next: { readonly part: string; readonly work: () => Promise<unknown> } | undefined
  const rig: Rig = await openRig(t, {
    async fetch(url, init) {
      const answer = await rig.emulator.fetch(new Request(url, init))
      if (next !== undefined && String(url).includes(next.part)) {
        const { work } = next
        next = undefined
        await work()
      }
      return answer
    },
    ...options,
  })
  return {
    rig,
    during(part, work) {
      next = { part, work }
    },
  }
}
