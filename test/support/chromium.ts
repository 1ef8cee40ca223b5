/** A real Chromium for the browser tests: found on this machine, or installed by `scripts/ensure-chromium.ts`. */
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { type Browser, type BrowserContext, chromium } from 'playwright-core'

export type ChromiumSearch = {
  readonly environment: Readonly<Record<string, string | undefined>>
  /** Where Playwright keeps the one it installs. */
  readonly playwrightPath: string
  /** Whether this file is a browser that starts; a stub that only prints where to get a browser does not. */
  readonly starts: (path: string) => boolean
}

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable']
const FOLDERS = ['/usr/bin', '/usr/local/bin', '/opt/google/chrome']
const APPLICATIONS = [
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
]

/** Nothing but the two test sites can be reached: every other name, and every bare address, fails. */
const LAUNCH_ARGUMENTS = [
  '--host-resolver-rules=MAP *.localhost 127.0.0.1, MAP * ~NOTFOUND',
  '--no-proxy-server',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

/**
 * The Chromium to use: `CHROMIUM_PATH` if that is set, else the first that starts.
 *
 * @throws {Error} when `CHROMIUM_PATH` names none: a requested browser is not silently replaced
 */
export function findChromium(search: ChromiumSearch = thisMachine()): string | undefined {
  const { CHROMIUM_PATH: asked, PATH: path = '' } = search.environment
  if (asked) {
    if (!search.starts(asked)) throw new Error(`CHROMIUM_PATH is no Chromium that starts: ${asked}`)
    return asked
  }
  const folders = [...new Set([...FOLDERS, ...path.split(delimiter).filter(Boolean)])]
  const installed = folders.flatMap((folder) => NAMES.map((name) => join(folder, name)))
  return [...installed, ...APPLICATIONS, search.playwrightPath].find(search.starts)
}

/** Starts Chromium without a screen. */
export function launchChromium(): Promise<Browser> {
  return chromium.launch({ executablePath: getChromium(), args: LAUNCH_ARGUMENTS })
}

/** A Chromium with a profile of its own, for what only the browser's settings can say. */
export function launchChromiumProfile(folder: string): Promise<BrowserContext> {
  const executablePath = getChromium()
  return chromium.launchPersistentContext(folder, { executablePath, args: LAUNCH_ARGUMENTS })
}

/** This machine's environment, and what really starts on it. */
export function thisMachine(): ChromiumSearch {
  return { environment: process.env, playwrightPath: chromium.executablePath(), starts }
}

function getChromium(): string {
  const path = findChromium()
  if (path === undefined)
    throw new Error('no Chromium here; `node scripts/ensure-chromium.ts` installs one')
  return path
}

function starts(path: string): boolean {
  if (!existsSync(path)) return false
  return spawnSync(path, ['--version'], { timeout: 20_000 }).status === 0
}
