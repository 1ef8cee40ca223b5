/**
 * `npm run build`: makes dist/, the package as others install it. The library by tsc, the server as one file by esbuild,
 * and a manifest that names both. `--out FOLDER` builds elsewhere, `--server` the one file alone.
 */
import { spawnSync } from 'node:child_process'
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { chmod, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { build } from 'esbuild'
import { type Manifest, publishedManifest } from './published-manifest.ts'
import { builtinsByRequire, usedPartsOnly, withoutComments } from './slim-bundle.ts'

const options = { out: { type: 'string', default: 'dist' }, server: { type: 'boolean' } } as const
const { values } = parseArgs({ options })
const out = resolve(values.out)
const root = resolve(import.meta.dirname, '..')
process.chdir(root)

rmSync(out, { recursive: true, force: true })
mkdirSync(out, { recursive: true })
await buildServer()
if (values.server) await writeServerManifest()
else {
  buildLibrary()
  await writePackage()
}

/** Everything but Node itself in one file. Names and lines are kept: its stack traces are read by operators. */
async function buildServer(): Promise<void> {
  const { metafile } = await build({
    entryPoints: ['src/bin.ts'],
    outfile: join(out, 'entrada.js'),
    bundle: true,
    platform: 'node',
    target: 'node24',
    format: 'esm',
    external: ['pg-native'], // optional in `pg`, a native addon, never used
    // What the packages written for `require` ask of Node.
    banner: {
      js: "import { createRequire } from 'node:module'\nconst require = createRequire(import.meta.url)",
    },
    legalComments: 'none',
    minifySyntax: true,
    plugins: [builtinsByRequire, usedPartsOnly, withoutComments],
    metafile: true,
    logLevel: 'warning',
  })
  await chmod(join(out, 'entrada.js'), 0o755)
  await writeFile(join(out, 'LICENSES.txt'), licensesOf(Object.keys(metafile.inputs)))
}

/** The licences of the packages inside the one file, as those licences ask. */
function licensesOf(inputs: readonly string[]): string {
  const folders = inputs.flatMap((path) => path.match(/^.*node_modules\/(?:@[^/]+\/)?[^/]+/) ?? [])
  return [...new Set(folders)].sort().map(licenseOf).join('\n')
}

function licenseOf(folder: string): string {
  const { name, version, license } = readJson(join(folder, 'package.json'))
  const file = readdirSync(folder).find((entry) => /^licen[cs]e(\.(md|txt))?$/i.test(entry))
  const text = file === undefined ? '' : `\n${readFileSync(join(folder, file), 'utf8').trim()}\n`
  return `---- ${name} ${version}, ${license} ----\n${text}`
}

function buildLibrary(): void {
  const compiler = resolve('node_modules/typescript/bin/tsc')
  const parameters = ['-p', 'tsconfig.build.json', '--outDir', join(out, 'lib')]
  const { status } = spawnSync(process.execPath, [compiler, ...parameters], { stdio: 'inherit' })
  if (status !== 0) throw new Error('tsc found errors, see above')
}

/** With this type Node parses the file once, as a module, instead of twice. */
async function writeServerManifest(): Promise<void> {
  const { name, version } = readJson('package.json')
  const manifest = { name, version, private: true, type: 'module' }
  await writeFile(join(out, 'package.json'), `${JSON.stringify(manifest, undefined, 2)}\n`)
}

async function writePackage(): Promise<void> {
  const manifest = publishedManifest(readJson('package.json'))
  for (const { default: target } of Object.values(manifest.exports)) {
    if (existsSync(join(out, target))) continue
    throw new Error(`${target} was not built: add its source to "files" of tsconfig.build.json`)
  }
  await writeFile(join(out, 'package.json'), `${JSON.stringify(manifest, undefined, 2)}\n`)
  for (const file of ['README.md', 'LICENSE', 'CHANGELOG.md']) copyFileSync(file, join(out, file))
}

function readJson(path: string): Manifest {
  return JSON.parse(readFileSync(path, 'utf8')) as Manifest // npm wrote it, or checks it
}
