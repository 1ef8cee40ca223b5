/** Before the tests: there is a Chromium on this machine, or one is installed, or this ends with what to do. */
import { spawnSync } from 'node:child_process'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { findChromium } from '../test/support/chromium.ts'
import { installChromium } from '../test/support/install-chromium.ts'

const environment = {
  ...process.env,
  DEBIAN_FRONTEND: 'noninteractive',
  PLAYWRIGHT_DOWNLOAD_CONNECTION_TIMEOUT: '10000', // without a network, say so soon
}
const playwrightPackage = createRequire(import.meta.url).resolve('playwright-core/package.json')
const playwrightCli = join(dirname(playwrightPackage), 'cli.js')

function run(command: string, ...args: readonly string[]): void {
  // What installers print goes to standard error, where it disturbs no test report.
  spawnSync(command, args, { stdio: ['ignore', 2, 2], env: environment })
}

try {
  installChromium({
    isRoot: process.getuid?.() === 0,
    findChromium: () => findChromium(),
    run,
    playwright: (...args) => run(process.execPath, playwrightCli, ...args),
    say: (sentence) => console.error(sentence),
  })
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 1
}
