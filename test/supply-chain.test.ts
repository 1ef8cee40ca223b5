/** Where the program comes from: exactly the packages that are locked, none of which runs anything to be built, all of them listed. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { cpSync, existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { packageFolders } from '../scripts/install-packages.ts'
import { temporaryFolder } from './support/server-process.ts'

type Packages = Readonly<Record<string, string>>
type Locked = {
  readonly version?: string
  readonly resolved?: string
  readonly integrity?: string
  readonly dev?: boolean
  readonly optional?: boolean
  readonly link?: boolean
  readonly hasInstallScript?: boolean
}

type Manifest = { readonly dependencies: Packages; readonly devDependencies: Packages }

const manifest = readManifest('.')
const locked = Object.entries(readLock('.')).filter(([path]) => path !== '')
const closers: (() => unknown)[] = []
let folder = ''

function readManifest(path: string): Manifest {
  const { dependencies = {}, devDependencies = {} } = JSON.parse(
    readFileSync(join(path, 'package.json'), 'utf8'),
  ) as Partial<Manifest>
  return { dependencies, devDependencies }
}

function readLock(path: string): Readonly<Record<string, Locked>> {
  return JSON.parse(readFileSync(join(path, 'package-lock.json'), 'utf8')).packages
}

/** A clean clone, as the Dockerfile has it: what `.dockerignore` lets through, and nothing installed. */
before(async () => {
  folder = await temporaryFolder({ after: (close) => void closers.push(close as () => unknown) })
  const allowed = readFileSync('.dockerignore', 'utf8').match(/(?<=^!).*$/gm) ?? []
  for (const name of allowed) cpSync(name, join(folder, name), { recursive: true })
  const { status, stderr } = npm(
    'ci',
    '--ignore-scripts',
    '--prefer-offline',
    '--no-audit',
    '--no-fund',
  )
  assert.equal(status, 0, stderr)
})
after(async () => {
  for (const close of closers) await close()
})

function npm(...args: readonly string[]) {
  return spawnSync('npm', args, { cwd: folder, encoding: 'utf8', maxBuffer: 2 ** 26 })
}

describe('the supply chain', () => {
  for (const path of ['.', ...packageFolders]) {
    it(`names exact versions in ${path}, and locks each package by its hash (I26)`, () => {
      const { dependencies, devDependencies } = readManifest(path)
      const packages = readLock(path)
      const wanted = { ...dependencies, ...devDependencies }
      for (const [name, version] of Object.entries(wanted)) {
        // The examples take this repository itself.
        if (name === 'entrada' && version === 'file:../..') continue
        assert.match(version, /^\d+\.\d+\.\d+(-[\w.]+)?$/, name)
        assert.equal(packages[`node_modules/${name}`]?.version, version, name)
      }
      const unhashed = Object.entries(packages).filter(
        ([name, { integrity, link }]) =>
          name.startsWith('node_modules/') && !link && !integrity?.startsWith('sha512-'),
      )
      assert.deepEqual(unhashed, [])
    })

    it(`names no registry in the lock file of ${path}, so that each npm asks its own`, () => {
      const addresses = Object.values(readLock(path)).flatMap(({ resolved }) => resolved ?? [])
      assert.deepEqual(
        addresses.filter((address) => address !== '../..'),
        [],
      )
    })
  }

  it('runs no install script of a package that ends in the program (I26)', () => {
    const running = locked.filter(([, { hasInstallScript, dev }]) => hasInstallScript && !dev)
    assert.deepEqual(running, [])
  })

  it('builds in a clean clone without install scripts, as the Dockerfile does, into a program that runs (I26)', () => {
    const dockerfile = readFileSync('deploy/Dockerfile', 'utf8')
    assert.ok(dockerfile.includes('npm ci --ignore-scripts'))
    const build = /node (scripts\/build\.ts --server --out) \/out/.exec(dockerfile)?.[1]?.split(' ')
    assert.ok(build)
    const out = join(folder, 'out')
    const built = spawnSync(process.execPath, [...build, out], { cwd: folder, encoding: 'utf8' })
    assert.equal(built.status, 0, built.stderr)
    const answered = spawnSync(process.execPath, [join(out, 'entrada.js'), '--version'], {
      encoding: 'utf8',
    })
    assert.match(answered.stdout, /^entrada \d+\.\d+\.\d+/)
    assert.ok(existsSync(join(out, 'LICENSES.txt')))
  })

  it('has a list of everything that is in the program, for whoever asks for one (I26)', () => {
    // Whole: `--omit dev` also leaves out what a package of development happens to need too.
    const { status, stdout, stderr } = npm('sbom', '--sbom-format', 'cyclonedx')
    assert.equal(status, 0, stderr)
    const { components } = JSON.parse(stdout) as {
      readonly components: readonly {
        readonly name: string
        readonly group?: string
        readonly version: string
        readonly hashes?: readonly unknown[]
      }[]
    }
    const listed = new Map(
      components.map((component) => [`${component.name}@${component.version}`, component]),
    )
    for (const [name, version] of Object.entries(manifest.dependencies)) {
      assert.ok(listed.has(`${name}@${version}`), name)
    }
    const inside = readFileSync(join(folder, 'out', 'LICENSES.txt'), 'utf8').matchAll(
      /^---- (\S+) ([^,]+), /gm,
    )
    const bundled = [...inside].map(([, name, version]) => `${name}@${version}`)
    assert.ok(bundled.length > 15)
    assert.deepEqual(
      bundled.filter((name) => !listed.has(name)),
      [],
    )
    assert.ok(components.every(({ hashes }) => (hashes?.length ?? 0) > 0))
  })
})
