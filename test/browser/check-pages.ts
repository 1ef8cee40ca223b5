import { after, before, it } from 'node:test'
import { checkLooks } from './accessibility.ts'
import { type BrowserRig, type BrowserRigOptions, createBrowserRig } from './browser-rig.ts'
import { see } from './steps.ts'
import type { Way } from './ways.ts'

export type PageToCheck = {
  readonly name: string
  /** Its heading, so that no other page passes in its place. */
  readonly heading: string | RegExp
  readonly way: Way
}

/** One test for each page; call it inside a `describe`. */
export function checkPages(pages: readonly PageToCheck[], options: BrowserRigOptions = {}): void {
  let rig: BrowserRig
  before(async () => {
    rig = await createBrowserRig(options)
  })
  after(() => rig.close())

  for (const { name, heading, way } of pages) {
    it(`${name} is accessible and fits, narrow and wide, light and dark`, async (t) => {
      const { page } = await rig.open(t, { bypassPolicy: true })
      rig.emulator.signInAutomaticallyAs(undefined)
      await way(rig, page)
      await see(page, heading)
      await checkLooks(page, name)
    })
  }
}
