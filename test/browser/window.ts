/** A browser of one person, watched: any complaint of a page and any request to a stranger fails the test. */
import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import type { Browser, BrowserContext, BrowserContextOptions, Page } from 'playwright-core'

export type View = {
  readonly width?: number
  readonly colorScheme?: 'light' | 'dark'
  readonly javaScript?: 'off'
  /** Lets scripts of the test in, such as the accessibility checker; our policy would keep them out. */
  readonly bypassPolicy?: true
}

export type Window = { readonly context: BrowserContext; readonly page: Page }

const HEIGHT = 800

export async function openWindow(
  t: TestContext,
  {
    chromium,
    sites,
    view,
  }: { readonly chromium: Browser; readonly sites: readonly URL[]; readonly view: View },
): Promise<Window> {
  const context = await chromium.newContext(contextOptions(view))
  context.setDefaultTimeout(15_000)
  const complaints = await watch(context, sites)
  t.after(async () => {
    await context.close()
    assert.deepEqual(complaints, [], 'the browser complained')
  })
  return { context, page: await context.newPage() }
}

/** Collects, as they come: console errors and warnings, violations of the policy, requests to other hosts. */
export async function watch(
  context: BrowserContext,
  sites: readonly URL[],
): Promise<readonly string[]> {
  const complaints: string[] = []
  const visited = new Set<string>()
  const origins = new Set(sites.map(({ origin }) => origin))

  await context.addInitScript(reportViolations)
  context.on('request', (request) => {
    const url = new URL(request.url())
    if (request.isNavigationRequest()) visited.add(url.href)
    if (!origins.has(url.origin)) complaints.push(`request to ${url.href}`)
  })
  context.on('console', (message) => {
    // A page of ours that is served with a status of 400 and above is reported like a missing picture.
    const isStatus = /^Failed to load resource: .* a status of \d{3}/.test(message.text())
    if (isStatus && visited.has(message.location().url)) return
    if (['error', 'warning'].includes(message.type())) {
      complaints.push(`${message.text()} (${message.location().url})`)
    }
  })
  context.on('weberror', (webError) => void complaints.push(String(webError.error())))
  return complaints
}

/** Runs in the page. */
function reportViolations(): void {
  addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI }) => {
    // biome-ignore lint/suspicious/noConsole: the way out of the page, to the test that listens
    console.error(`policy violated: ${violatedDirective} ${blockedURI}`)
  })
}

function contextOptions(view: View): BrowserContextOptions {
  return {
    viewport: { width: view.width ?? 1280, height: HEIGHT },
    colorScheme: view.colorScheme ?? 'light',
    javaScriptEnabled: view.javaScript !== 'off',
    bypassCSP: view.bypassPolicy === true,
    reducedMotion: 'reduce',
  }
}
