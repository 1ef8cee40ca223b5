/** The TypeScript in the guides compiles against the package, under the strictest settings that a reader may have. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { after, describe, it } from 'node:test'
import { installPackages, packageFolders } from '../scripts/install-packages.ts'
import { freePort } from './support/server-process.ts'
import { run } from './support/transcript.ts'

// Inside the package, so that `entrada` means what it means to those who install it.
const folder = `test-output/docs-code-${process.pid}`
after(() => rmSync(folder, { recursive: true, force: true }))

type Fence = {
  readonly guide: string
  readonly line: number
  readonly path: string
  readonly code: string
}

/** ```` ```ts app/page.tsx ```` names the file, so that others of the same guide can import it. */
function fencesOf(guide: string): readonly Fence[] {
  const text = readFileSync(guide, 'utf8')
  const name = guide.replace(/\W+/g, '-')
  return [...text.matchAll(/^```tsx?(?: (\S+))?\n([\s\S]*?)^```/gm)].map((match, index) => {
    const [, path = `fence-${index + 1}.ts`, code = ''] = match
    const line = text.slice(0, match.index).split('\n').length
    return { guide, line, path: join(folder, name, path), code }
  })
}

const guides = [
  'README.md',
  ...readdirSync('docs')
    .filter((path) => path.endsWith('.md'))
    .map((path) => join('docs', path)),
]

describe('the guides', () => {
  it('have TypeScript that compiles', () => {
    const fences = guides.flatMap(fencesOf)
    assert.ok(fences.some(({ guide }) => guide === 'docs/embed.md'))
    for (const { path, code } of fences) {
      mkdirSync(dirname(path), { recursive: true })
      // A fence without imports would be a script, whose names all fences share.
      writeFileSync(path, `${code}\nexport {}\n`)
    }
    linkPackagesOfExamples()
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(STRICT))
    const compiler = resolve('node_modules/typescript/bin/tsc')
    const { stdout } = spawnSync(process.execPath, [compiler, '-p', folder], { encoding: 'utf8' })
    const problems = stdout.split('\n').filter((line) => line !== '')
    assert.deepEqual(
      problems.map((line) => inGuide(line, fences)),
      [],
    )
  })
})

describe('docs/embed.md', () => {
  it('is tried with the emulator: its variables are those that each file reads (P16)', async () => {
    const { printed } = await run(['emulator', '--env'], {})
    const set = new Set(printed.join('\n').match(/ENTRADA_\w+/g))
    for (const variable of ['ENTRADA_SERVER_URL', 'ENTRADA_SECRET_KEYS']) set.add(variable)
    const files = fencesOf('docs/embed.md').filter(({ path }) => path.endsWith('entrada.ts'))
    assert.equal(files.length, 2)
    for (const { code, path } of files) {
      assert.match(code, /authority: process\.env\.ENTRADA_ENTRA_AUTHORITY/, path)
      for (const name of code.match(/ENTRADA_\w+/g) ?? []) assert.ok(set.has(name), name)
    }
    assert.match(readFileSync('docs/embed.md', 'utf8'), /^npm pkg set type=module$/m)
  })

  it('has a test that passes', () => {
    const fence = fencesOf('docs/embed.md').find(({ path }) => path.endsWith('reports.test.ts'))
    assert.ok(fence)
    mkdirSync(dirname(fence.path), { recursive: true })
    writeFileSync(fence.path, fence.code)
    // Else the runner of this test would take the inner one for its child.
    const { NODE_TEST_CONTEXT: _, ...env } = process.env
    const ran = spawnSync(process.execPath, ['--test', fence.path], { encoding: 'utf8', env })
    assert.equal(ran.status, 0, ran.stdout)
    assert.match(ran.stdout, /pass 1/)
  })
})

describe('docs/emulator.md', () => {
  const fences = fencesOf('docs/emulator.md')
  for (const { line, path, code } of fences) {
    it(`has an example at line ${line} that runs`, async () => {
      mkdirSync(dirname(path), { recursive: true })
      // The guide's port may be taken on this machine.
      writeFileSync(path, code.replaceAll('8080', String(await freePort())))
      const { NODE_TEST_CONTEXT: _, ...env } = process.env
      const ran = spawnSync(process.execPath, ['--test', path], { encoding: 'utf8', env })
      assert.equal(ran.status, 0, ran.stdout)
    })
  }
})

/** As `bundler` resolves, which is what Next.js needs; build.test.ts tries the package as Node resolves it too. */
const STRICT = {
  compilerOptions: {
    strict: true,
    exactOptionalPropertyTypes: true,
    noUncheckedIndexedAccess: true,
    noEmit: true,
    target: 'es2024',
    module: 'esnext',
    moduleResolution: 'bundler',
    jsx: 'react-jsx',
    allowImportingTsExtensions: true,
    skipLibCheck: true,
    types: ['node'],
  },
  include: ['**/*.ts', '**/*.tsx'],
}

/** The guides use the frameworks that the examples bring. */
function linkPackagesOfExamples(): void {
  for (const example of packageFolders.filter((path) => path.startsWith('examples/'))) {
    installPackages(example)
    const { dependencies = {}, devDependencies = {} } = JSON.parse(
      readFileSync(join(example, 'package.json'), 'utf8'),
    ) as { dependencies?: object; devDependencies?: object }
    for (const name of Object.keys({ ...dependencies, ...devDependencies })) {
      const link = join(folder, 'node_modules', name)
      mkdirSync(dirname(link), { recursive: true })
      if (!existsSync(link)) symlinkSync(resolve(example, 'node_modules', name), link)
    }
  }
}

function inGuide(problem: string, fences: readonly Fence[]): string {
  const [, path = '', line = '0'] = /^(.+?)\((\d+),/.exec(problem) ?? []
  const fence = fences.find((fence) => resolve(fence.path) === resolve(path))
  return fence ? `${fence.guide}:${fence.line + Number(line)} ${problem}` : problem
}
