/** Every exported function has a docstring that is a sentence, and comments, strings and names use the words of the trade. */
import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import { stringsOf } from './support/strings.ts'

/**
 * Words that a reader of the trade does not search for, and what to write in their place: nobody, somebody, whoever, everybody
 * (the user, client, caller or operator), tells (logs, reports, notifies), says (contains, states, returns), beside (next to,
 * in addition to), stands (is).
 */
const vagueWords =
  /\b(nobody|somebody|whoever|anybody|everybody|tells|told(?! apart)|says|said|beside|stands|stood)\b/i

/**
 * Texts of the pages under /setup and /admin, which a later change rewrites as a whole. Every other string is held:
 * errors, findings of the doctor, the API, the command line, settings, and the pages for sign-in, account and proxies.
 */
const notHeld = /^src\/(?:setup|admin\/pages)\//

/** A value of the access rules and the unprivileged user of a system are named `nobody`. */
const namesNobody = /(?<=["`])nobody(?=["`])|\bnobody_\w+/g

function isVague(text: string): boolean {
  return vagueWords.test(text.replace(namesNobody, ''))
}

/** Names of variables, parameters and functions that do not say what the value is. */
const vagueName = (() => {
  const name = '(?:asked|given|held|one|said|told)'
  return new RegExp(
    [
      `\\b(?:const|let|function) ${name}(?: =|:|;| of |\\().*`,
      `[(,[] ?(?:\\.{3})?${name}\\b(?:: [^()]*)?\\]?\\)(?:: \\w+)? =>`,
      `\\bfunction \\w+\\((?:[^()]*, ?)?${name}\\??: .*`,
    ].join('|'),
    'g',
  )
})()

/** Block comments and line comments. A string that contains `/*` or `//` has no space before and after it. */
const comments = /(?<=^|[\s{(])(?:\/\*\*?\s[\s\S]*?\*\/|\/\/ .*$)/gm

const exportedFunctions =
  /^export (?:async )?function\*? (\w+)|^export const (\w+)[^=\n]*= (?:async )?(?:\([^()]*\)|\w+)(?:: [^=\n]+)? =>/gm

type SourceFile = { readonly path: string; readonly text: string }

const files = read('src/**/*.ts').filter(({ path }) => !path.endsWith('.test.ts'))
/** Everything that is written here. This file contains the words themselves. */
const allFiles = read('{src,test,scripts,bench}/**/*.ts').filter(
  ({ path }) => path !== 'test/docstrings.test.ts',
)

function read(pattern: string): readonly SourceFile[] {
  return globSync(pattern, { exclude: ['**/node_modules'] }).map((path) => ({
    path,
    text: readFileSync(path, 'utf8'),
  }))
}

/** Names of the exported functions of a file, each with the text of its docstring before the first tag. */
function docstringsOf({ text }: SourceFile): Map<string, string> {
  const docstrings = new Map<string, string>()
  for (const match of text.matchAll(exportedFunctions)) {
    const name = match[1] ?? match[2] ?? ''
    // Of an overloaded function, the first signature carries the docstring.
    if (!docstrings.has(name)) docstrings.set(name, docstringBefore(text, match.index))
  }
  return docstrings
}

function docstringBefore(text: string, end: number): string {
  const start = text.lastIndexOf('/**', end)
  const comment = start === -1 ? '' : text.slice(start, end).trimEnd()
  if (comment.indexOf('*/') !== comment.length - 2) return ''
  const lines = comment.slice(3, -2).replace(/^\s*\* ?/gm, '')
  return lines.split(/@(?:throws|see|param|returns)\b/)[0]?.trim() ?? ''
}

/** Begins with a capital letter or with code, has three words or more, and ends with a period. */
function isSentence(text: string): boolean {
  const beginsWell = /^["(]?[A-Z0-9`{]/.test(text)
  const endsWell = /\.[)"]?$/.test(text)
  return beginsWell && endsWell && text.split(/\s+/).length >= 3
}

describe('the docstring of an exported function', () => {
  it('is a sentence', () => {
    const functions = files.flatMap((file) =>
      [...docstringsOf(file)].map(([name, docstring]) => ({ path: file.path, name, docstring })),
    )
    assert.ok(functions.length > 1000, 'the functions are found')
    const missing = functions.filter(({ docstring }) => !isSentence(docstring))
    assert.deepEqual(
      missing.map(({ path, name, docstring }) => `${path}: ${name}: ${docstring}`),
      [],
    )
  })
})

describe('comments', () => {
  it('say who does what, in the words of the trade', () => {
    const vague = allFiles
      .flatMap(({ path, text }) =>
        (text.match(comments) ?? []).map((comment) => ({ path, comment })),
      )
      .filter(({ comment }) => isVague(comment))
    assert.deepEqual(
      vague.map(({ path, comment }) => `${path}: ${comment}`),
      [],
    )
  })
})

describe('strings', () => {
  it('are in the words of the trade as well, but for the pages under /setup and /admin', () => {
    const sentences = files
      .filter(({ path }) => !notHeld.test(path))
      .flatMap(({ path, text }) => stringsOf(text).map((found) => ({ path, text: found.text })))
      .filter(({ text }) => text.includes(' '))
    assert.ok(sentences.length > 3000, 'the sentences are found')
    const vague = sentences.filter(({ text }) => isVague(text))
    assert.deepEqual(
      vague.map(({ path, text }) => `${path}: ${text}`),
      [],
    )
  })
})

describe('names', () => {
  it('of variables, parameters and functions are nouns of the trade', () => {
    const source = allFiles.filter(({ path }) => path.startsWith('src/'))
    const vague = source.flatMap(({ path, text }) =>
      (text.match(vagueName) ?? []).map((place) => `${path}: ${place}`),
    )
    assert.deepEqual(vague, [])
  })
})
