import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { findChromium } from '../support/chromium.ts'
import { type Installer, installChromium } from '../support/install-chromium.ts'

describe('findChromium', () => {
  const machine = (installed: readonly string[], environment = {}) => ({
    environment: { PATH: '/home/me/bin:/usr/bin', ...environment },
    playwrightPath: '/cache/playwright/chrome',
    starts: (path: string) => installed.includes(path),
  })

  it('takes the one that CHROMIUM_PATH names before all others', () => {
    const search = machine(['/usr/bin/chromium', '/my/own'], { CHROMIUM_PATH: '/my/own' })
    assert.equal(findChromium(search), '/my/own')
  })

  it('says so when CHROMIUM_PATH names none, and takes no other in its place', () => {
    const search = machine(['/usr/bin/chromium'], { CHROMIUM_PATH: '/my/own' })
    assert.throws(() => findChromium(search), /CHROMIUM_PATH is no Chromium that starts: \/my\/own/)
  })

  it('finds the system’s own before Playwright’s, and one that is only on the PATH', () => {
    assert.equal(
      findChromium(machine(['/usr/bin/google-chrome', '/cache/playwright/chrome'])),
      '/usr/bin/google-chrome',
    )
    assert.equal(findChromium(machine(['/home/me/bin/chromium'])), '/home/me/bin/chromium')
    assert.equal(findChromium(machine(['/cache/playwright/chrome'])), '/cache/playwright/chrome')
  })

  it('does not take a file that does not start', () => {
    assert.equal(findChromium(machine([])), undefined)
  })
})

describe('installChromium', () => {
  it('does nothing when there is one', () => {
    const { installer, ran } = pretend({ installedBy: 'nobody', foundFrom: 0 })
    installChromium(installer)
    assert.deepEqual(ran, [])
  })

  it('takes Playwright’s first', () => {
    const { installer, ran } = pretend({ installedBy: 'playwright install chromium' })
    assert.equal(installChromium(installer), '/usr/bin/chromium')
    assert.deepEqual(ran, ['playwright install chromium'])
  })

  it('takes Debian’s package as root when Playwright’s cannot be fetched', () => {
    const { installer, ran } = pretend({ installedBy: 'apt-get install -y chromium' })
    installChromium(installer)
    assert.deepEqual(ran.slice(1), ['apt-get update', 'apt-get install -y chromium'])
  })

  it('adds the libraries for Playwright’s as root when the package is a stub', () => {
    const { installer, ran } = pretend({ installedBy: 'playwright install-deps chromium' })
    installChromium(installer)
    assert.equal(ran.at(-1), 'playwright install-deps chromium')
  })

  it('fails with what to do when nothing helps, and touches the system only as root', () => {
    const { installer, ran } = pretend({ installedBy: 'nobody', isRoot: false })
    assert.throws(() => installChromium(installer), /apt-get install chromium[\s\S]*CHROMIUM_PATH/)
    assert.deepEqual(ran, ['playwright install chromium'])
  })
})

/** A system on which one command installs a Chromium. */
function pretend({
  installedBy,
  isRoot = true,
  foundFrom = Number.POSITIVE_INFINITY,
}: {
  readonly installedBy: string
  readonly isRoot?: boolean
  readonly foundFrom?: number
}) {
  const ran: string[] = []
  const installer: Installer = {
    isRoot,
    say: () => undefined,
    run: (command, ...args) => void ran.push([command, ...args].join(' ')),
    playwright: (...args) => void ran.push(['playwright', ...args].join(' ')),
    findChromium: () =>
      ran.length >= foundFrom || ran.includes(installedBy) ? '/usr/bin/chromium' : undefined,
  }
  return { installer, ran }
}
