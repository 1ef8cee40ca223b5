export type Installer = {
  readonly isRoot: boolean
  findChromium(): string | undefined
  /** Runs a command of the system. Whether it worked shows in {@link Installer.findChromium}. */
  run(command: string, ...args: readonly string[]): void
  /** Runs Playwright's own command line. */
  playwright(...args: readonly string[]): void
  say(sentence: string): void
}

const WHAT_TO_DO = `No Chromium was found, and none could be installed. The browser tests need one.
Do one of these and run the tests again:
  - install Chromium or Google Chrome as this system does it (Debian, as root: apt-get install chromium)
  - npx playwright-core install --with-deps chromium
  - set CHROMIUM_PATH to the program, if it is in an unusual place`

/**
 * Sees to it that there is a Chromium: found, else Playwright's, else Debian's package. Last come the
 * libraries for Playwright's, for systems whose package is a stub.
 *
 * @throws {Error} with what to do; browser tests are never skipped in silence
 */
export function installChromium(installer: Installer): string {
  const found = installer.findChromium()
  if (found !== undefined) return found

  for (const { sentence, install } of waysToInstall(installer)) {
    installer.say(sentence)
    install()
    const installed = installer.findChromium()
    if (installed !== undefined) return installed
  }
  throw new Error(WHAT_TO_DO)
}

function waysToInstall({ isRoot, run, playwright }: Installer) {
  const forAnybody = [
    {
      sentence: "No Chromium here; installing Playwright's.",
      install: () => playwright('install', 'chromium'),
    },
  ]
  if (!isRoot) return forAnybody
  const debian = {
    sentence: "That did not work; installing Debian's package.",
    install() {
      run('apt-get', 'update')
      run('apt-get', 'install', '-y', 'chromium')
    },
  }
  const libraries = {
    sentence: "That did not work either; installing the libraries for Playwright's.",
    install: () => playwright('install-deps', 'chromium'),
  }
  return [...forAnybody, debian, libraries]
}
