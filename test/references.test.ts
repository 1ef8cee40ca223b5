/** What source, tests and documents refer to exists: design rules, security cases, documents. Every security case has a test. */
import assert from 'node:assert/strict'
import { existsSync, globSync, readdirSync, readFileSync } from 'node:fs'
import { describe, it } from 'node:test'

const designRules = [
  ...readFileSync('docs/design.md', 'utf8').matchAll(/^\*\*(\d+[a-z]?)\.\*\*/gm),
].map(([, rule = '']) => rule)

const cases = [
  ...readFileSync('docs/security-cases.md', 'utf8').matchAll(
    /^\| ([A-Z]\d{1,2}) \| .+ \| (.+) \|$/gm,
  ),
].map(([, id = '', outcome = '']) => ({ id, isOpen: outcome.startsWith('Open') }))

/** Not what npm and Next.js put there: the packages of an example lead back to this repository. */
const files = globSync(
  ['*', '{src,test,docs,decisions,scripts,bench,examples,deploy}/**/*'].map(
    (pattern) => `${pattern}.{ts,tsx,js,mjs,md,yaml,yml}`,
  ),
  { exclude: (path) => /(^|\/)(node_modules|\.next)$/.test(path) },
).map((path) => ({ path, text: readFileSync(path, 'utf8') }))

/** Rules named as in "design rule 5a", also where a comment breaks the line, and in short "(design rule 19)". */
function rulesNamedIn(text: string): string[] {
  return [...text.matchAll(/(?:\bdesign[\s*/]+|\()rules? (\d+[a-z]?)\b/gi)].map(
    ([, rule = '']) => rule,
  )
}

/** Ids in parentheses: `(A02)`, `(S1, design rule 19)`. */
function casesNamedIn(text: string): string[] {
  return [...text.matchAll(/\(([^()]{2,80})\)/g)]
    .flatMap(([, list = '']) => list.split(/, | and /))
    .map((part) => /^(?:case |fault )?([A-Z]\d{1,2})$/.exec(part)?.[1])
    .filter((id) => id !== undefined)
}

/** Among them the suites that every database passes. */
function isTest(path: string): boolean {
  return /\.test\.ts$|\/conformance[a-z-]*\.ts$/.test(path)
}

describe('docs/design.md', () => {
  it('has every rule once', () => {
    const expected = Array.from({ length: 19 }, (_, index) => String(index + 1))
    expected.splice(5, 0, '5a', '5b')
    expected.splice(-1, 0, '18a')
    assert.deepEqual(designRules, expected)
  })

  it('has every rule that source, tests and documents name', () => {
    const named = files.flatMap(({ path, text }) =>
      rulesNamedIn(text).map((rule) => ({ path, rule })),
    )
    assert.ok(named.length > 20, 'the references are found')
    assert.deepEqual(
      named.filter(({ rule }) => !designRules.includes(rule)),
      [],
    )
  })
})

describe('docs/security-cases.md', () => {
  const ids = cases.map(({ id }) => id)

  it('has every id once', () => {
    assert.ok(ids.length > 150, 'the rows are found')
    assert.deepEqual(
      ids.filter((id, index) => ids.indexOf(id) !== index),
      [],
    )
  })

  it('has every id that source, tests and documents name', () => {
    const unknown = files.flatMap(({ path, text }) =>
      casesNamedIn(text)
        .filter((id) => !ids.includes(id))
        .map((id) => `${path}: ${id}`),
    )
    assert.deepEqual(unknown, [])
  })

  it('calls a case open exactly while it has no test', () => {
    const tested = new Set(
      files.filter(({ path }) => isTest(path)).flatMap(({ text }) => casesNamedIn(text)),
    )
    assert.deepEqual(
      ids.filter((id) => !tested.has(id)),
      cases.filter(({ isOpen }) => isOpen).map(({ id }) => id),
    )
  })
})

describe('documents', () => {
  it('exist where source, tests and other documents name them', () => {
    const missing = files
      .filter(({ path }) => path !== 'CHANGELOG.md') // it names documents of earlier releases, too
      .flatMap(({ path, text }) =>
        [...text.matchAll(/\b(?:docs|decisions)\/[\w/-]+\.md\b/g)]
          .filter(([document]) => !existsSync(document))
          .map(([document]) => `${path}: ${document}`),
      )
    assert.deepEqual(missing, [])
  })

  it('of decisions have a number each', () => {
    const numbers = readdirSync('decisions').map((name) => name.slice(0, 4))
    assert.equal(new Set(numbers).size, numbers.length, numbers.join(' '))
  })
})
