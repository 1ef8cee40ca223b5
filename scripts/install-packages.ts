import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'

const root = resolve(import.meta.dirname, '..')

/** The folders whose manifests list what `npm ci` in the clone leaves out: packages that one example or only tests need. */
export const packageFolders: readonly string[] = [
  'test/packages',
  ...readdirSync(join(root, 'examples')).map((name) => `examples/${name}`),
].filter((folder) => existsSync(join(root, folder, 'package.json')))

/**
 * Installs the packages that the folder's lock file lists, unless they are installed already. A folder without a manifest needs none.
 *
 * @throws {Error} when npm cannot install them
 */
export function installPackages(folder: string): void {
  const path = join(root, folder)
  if (!existsSync(join(path, 'package.json'))) return
  // npm removes node_modules first, so the mark survives no installation that stopped halfway.
  const mark = join(path, 'node_modules/.installed')
  const digest = digestOf(path)
  if (existsSync(mark) && readFileSync(mark, 'utf8') === digest) return

  console.error(`Installing the packages of ${folder}.`)
  const { status, error } = spawnSync('npm', ['ci', '--no-audit', '--no-fund'], {
    cwd: path,
    stdio: ['ignore', 2, 2],
  })
  if (status !== 0) {
    throw new Error(`The packages of ${folder} could not be installed: see npm's messages above.`, {
      cause: error,
    })
  }
  writeFileSync(mark, digest)
}

function digestOf(folder: string): string {
  const hash = createHash('sha256')
  for (const name of ['package.json', 'package-lock.json']) {
    hash.update(readFileSync(join(folder, name)))
  }
  return hash.digest('hex')
}
