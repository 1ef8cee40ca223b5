/** What only tests need, and `npm ci` leaves out: installed below `test/packages`, where tests elsewhere do not find it by its name. */
import { createRequire } from 'node:module'

const fromPackages = createRequire(new URL('../packages/package.json', import.meta.url))

/**
 * Resolves a package's name or path to its file.
 *
 * @throws {Error} when the package is not installed, with the command that installs it
 */
export function resolveTestPackage(specifier: string): string {
  try {
    return fromPackages.resolve(specifier)
  } catch (cause) {
    const message = `${specifier} is not installed: run \`node scripts/ensure-packages.ts\``
    throw new Error(message, { cause })
  }
}
