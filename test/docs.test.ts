/** What the documents say is what the code does. */
import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, it } from 'node:test'
import { clientPaths } from '../scripts/client-paths.ts'
import { referencePages } from '../scripts/reference-pages.ts'
import { errorTable } from '../src/errors/errors.ts'
import { describeSettings } from '../src/settings/config.ts'

const guides = [
  'README.md',
  'ARCHITECTURE.md',
  'CONTRIBUTING.md',
  'SECURITY.md',
  'STYLE.md',
  'CHANGELOG.md',
  ...markdownIn('docs'),
  ...markdownIn('decisions'),
]

function markdownIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.md'))
    .map((path) => join(folder, path))
}

describe('docs/reference', () => {
  for (const [name, text] of Object.entries(referencePages())) {
    it(`has ${name} as \`npm run docs\` makes it`, () => {
      assert.equal(readFileSync(join('docs/reference', name), 'utf8'), text)
    })
  }
})

describe('entrada/client', () => {
  it('has its addresses as `npm run docs` makes them', () => {
    assert.equal(readFileSync('src/client/paths.ts', 'utf8'), clientPaths())
  })
})

describe('the documents', () => {
  it('link only to files that exist', () => {
    const broken = guides.flatMap((path) =>
      [...readFileSync(path, 'utf8').matchAll(/\]\((?!https?:|#|mailto:)([^)#\s]+)[^)]*\)/g)]
        .map(([, target = '']) => join(dirname(path), target))
        .filter((target) => !existsSync(target))
        .map((target) => `${path} → ${target}`),
    )
    assert.deepEqual(broken, [])
  })

  it('name only settings that exist', () => {
    const known = new Set(
      describeSettings().flatMap(({ env, twin }) => [
        env,
        `${env}_FILE`,
        twin ?? env,
        `${twin}_FILE`,
      ]),
    )
    const unknown = guides.flatMap((path) =>
      [...readFileSync(path, 'utf8').matchAll(/\b(?:ENTRADA|DSTACK)_[A-Z_]+[A-Z]\b/g)]
        .map(([name]) => name)
        .filter((name) => !known.has(name))
        .map((name) => `${path}: ${name}`),
    )
    assert.deepEqual(unknown, [])
  })

  it('and the program name the menus of the Entra admin center of one generation (O21)', () => {
    const former = [
      /Azure portal|portal\.azure\.com/,
      /Azure Active Directory/,
      /Enterprise applications/,
      /Identity > Applications/,
      /Add a platform/,
      /Accounts in (this|any) organizational directory/,
      /admin centre/,
      /Microsoft Entra ID >/,
    ]
    const programs = readdirSync('src', { recursive: true, encoding: 'utf8' })
      .filter((path) => path.endsWith('.ts'))
      .map((path) => join('src', path))
    const found = [...guides, ...programs].flatMap((path) => {
      const text = readFileSync(path, 'utf8')
      return former.filter((label) => label.test(text)).map((label) => `${path}: ${label}`)
    })
    assert.deepEqual(found, [])
  })

  it('name only npm verbs that exist, of which there are at most twelve', () => {
    const { scripts } = JSON.parse(readFileSync('package.json', 'utf8')) as {
      scripts: Record<string, string>
    }
    const unknown = guides.flatMap((path) =>
      [...readFileSync(path, 'utf8').matchAll(/npm run (?:-s )?([a-z:-]+)/g)]
        .map(([, verb = '']) => verb)
        .filter((verb) => !(verb in scripts)),
    )
    assert.deepEqual(unknown, [])
    // Three of them are sizes of tests: `test:fast` for the working day, and `test:judges`, which fetches other people's
    // libraries in five languages, for which `npm test` does not wait.
    assert.ok(Object.keys(scripts).length <= 12)
  })

  it('of the settings that help texts and remedies name, all exist', () => {
    const known = new Set(describeSettings().map(({ env }) => env))
    const texts = [
      ...Object.values(errorTable).map(({ fix }) => fix),
      ...describeSettings().map(({ help }) => help),
    ]
    const unknown = texts
      .flatMap((text) => text.match(/ENTRADA_[A-Z_]+[A-Z]/g) ?? [])
      .filter((name) => !known.has(name))
    assert.deepEqual(unknown, [])
  })
})
