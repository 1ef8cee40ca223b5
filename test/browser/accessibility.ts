import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import type { Page } from 'playwright-core'
import { resolveTestPackage } from '../support/test-packages.ts'
import { keepScreenshot, views } from './browser-rig.ts'

/** What is read of the results of axe. */
type AxeResults = {
  readonly violations: readonly {
    readonly id: string
    readonly help: string
    readonly nodes: readonly { readonly html: string }[]
  }[]
}

const axeSource = readFileSync(resolveTestPackage('axe-core/axe.min.js'), 'utf8')
const widths = [320, 1280]
const colorSchemes = ['light', 'dark'] as const

/** Checks a page at both widths and in both colours, and keeps what it looks like. */
export async function checkLooks(page: Page, name: string): Promise<void> {
  await page.evaluate(axeSource)
  for (const width of widths) {
    await page.setViewportSize({ width, height: 800 })
    await checkNoSidewaysScroll(page, name)
    for (const colorScheme of colorSchemes) {
      await page.emulateMedia({ colorScheme })
      if (isKept({ width, colorScheme })) await keepScreenshot(page, name)
      assert.deepEqual(await violations(page), [], `${name}, ${width} pixels, ${colorScheme}`)
    }
  }
}

function isKept(shown: { readonly width: number; readonly colorScheme: string }): boolean {
  return views.some(
    ({ width, colorScheme }) => width === shown.width && colorScheme === shown.colorScheme,
  )
}

async function checkNoSidewaysScroll(page: Page, name: string): Promise<void> {
  const { content, window } = await page.evaluate(() => ({
    content: document.scrollingElement?.scrollWidth ?? Number.POSITIVE_INFINITY,
    window: innerWidth,
  }))
  assert.ok(content <= window, `${name} is ${content} pixels wide in a window of ${window}`)
}

/** What axe finds, as sentences that name the rule and the element. */
async function violations(page: Page): Promise<readonly string[]> {
  const { violations } = await page.evaluate(() => {
    const { axe } = globalThis as unknown as { axe: { run(): Promise<AxeResults> } } // put there above
    return axe.run()
  })
  return violations.flatMap(({ id, help, nodes }) =>
    nodes.map(({ html }) => `${id}: ${help}: ${html.slice(0, 200)}`),
  )
}
