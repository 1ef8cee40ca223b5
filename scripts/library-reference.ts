/** docs/reference/library.md: what the package exports, as its sources say it. Read line by line; the format is biome's, so that is enough. */
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

/** In this order on the page, each with what it is for. The emulator has a guide of its own. */
const entryPoints = [
  ['entrada', 'src/index.ts', 'The instance, and the types that it speaks in.'],
  ['entrada/express', 'src/embedding/express.ts', 'Express 5, and whatever takes its middleware.'],
  ['entrada/fastify', 'src/embedding/fastify.ts', 'Fastify 5.'],
  ['entrada/hono', 'src/embedding/hono.ts', 'Hono 4.'],
  [
    'entrada/next',
    'src/embedding/next.ts',
    'Next.js 16: route handlers, server components, `proxy.ts`.',
  ],
  ['entrada/node', 'src/embedding/node.ts', '`node:http`, and whatever builds on it.'],
  ['entrada/testing', 'src/testing/testing.ts', 'For the tests of applications.'],
  [
    'entrada/testing/storage',
    'src/storage/conformance.ts',
    'For who writes a storage of their own; needs `node --test`.',
  ],
] as const

export function libraryReference(): string {
  const shown = new Set<string>()
  return entryPoints
    .map(([name, path, purpose]) => {
      const declarations = exportsOf(path).flatMap(({ file, names }) =>
        names.map((name) => declarationOf(name, file)),
      )
      const isNew = ({ code }: Declaration) => !shown.has(code)
      const isFunction = ({ code }: Declaration) => code.startsWith('function')
      const inOrder = [
        ...declarations.filter(isFunction),
        // What several entry points export is described at the first of them.
        ...declarations.filter((declaration) => !isFunction(declaration) && isNew(declaration)),
      ]
      for (const { code } of inOrder) shown.add(code)
      return `## \`${name}\`\n\n${purpose}\n\n${inOrder.map(entryText).join('\n')}`
    })
    .join('\n')
}

type Exported = { readonly file: string; readonly names: readonly string[] }

/** What a file exports, in its own order; names that it passes on are looked up where they are declared. */
function exportsOf(path: string): readonly Exported[] {
  const found: Exported[] = []
  const text = readFileSync(path, 'utf8')
  for (const [, names, from, declared] of text.matchAll(
    /^export (?:type )?\{([^}]+)\} from '(\.[^']+)'|^export (?:async )?(?:function|type|class|const) (\w+)/gm,
  )) {
    if (declared !== undefined) {
      const isOverload = found.some(({ names: known }) => known.includes(declared))
      if (!isOverload) found.push({ file: path, names: [declared] })
    } else if (names !== undefined && from !== undefined) {
      const file = join(dirname(path), from)
      found.push({ file, names: names.split(',').flatMap((name) => nameOf(name)) })
    }
  }
  return found
}

function nameOf(text: string): readonly string[] {
  const name = text.trim().replace(/^type /, '')
  return name === '' ? [] : [name]
}

function entryText({ name, doc, code }: Declaration): string {
  return `### ${name}\n\n${doc ? `${doc}\n\n` : ''}\`\`\`ts\n${code}\n\`\`\`\n`
}

type Declaration = { readonly name: string; readonly doc: string; readonly code: string }

function declarationOf(name: string, file: string): Declaration {
  const lines = readFileSync(file, 'utf8').split('\n')
  const declares = new RegExp(`^export (async )?(function|type|class|const) ${name}\\b`)
  const at = lines.findIndex((line) => declares.test(line))
  if (at >= 0) return { name, doc: docBefore(lines, at), code: codeFrom(lines, at) }
  const passedOn = exportsOf(file).find(
    ({ names, file: from }) => names.includes(name) && from !== file,
  )
  if (passedOn === undefined) throw new Error(`${file} does not declare ${name}`)
  return declarationOf(name, passedOn.file)
}

/** The sentence of a docstring, without its stars; `@throws` and `@see` become lines of their own. */
function docBefore(lines: readonly string[], at: number): string {
  const end = at - 1
  if (!lines[end]?.endsWith('*/')) return ''
  let start = end
  while (!lines[start]?.startsWith('/**')) start -= 1
  return lines
    .slice(start, end + 1)
    .map((line) => line.replace(/^\/\*\* ?| ?\*\/$|^ \* ?/g, '').trim())
    .join('\n')
    .replace(/\{@link (\w+)(\.\w+)?\}/g, '`$1$2`')
    .replace(/^@throws \{(\w+)\} /gm, 'Throws `$1`: ')
    .replace(/^@see /gm, 'See ')
    .trim()
}

/** Returns a type as a whole; of a function, constant or class, the text before its body. */
function codeFrom(lines: readonly string[], at: number): string {
  const [first = ''] = lines.slice(at)
  const code = first.startsWith('export type') ? typeFrom(lines, at) : signatureFrom(lines, at)
  return code.replace(/^export (async )?/, '')
}

function typeFrom(lines: readonly string[], at: number): string {
  const goesOn = (line: string | undefined) => /^[ })|&]/.test(line ?? '')
  let end = at + 1
  while (goesOn(lines[end]) || (lines[end] === '' && goesOn(lines[end + 1]))) end += 1
  return lines.slice(at, end).join('\n')
}

function signatureFrom(lines: readonly string[], at: number): string {
  let end = at
  while (!isEndOfSignature(lines, end)) end += 1
  return lines
    .slice(at, end + 1)
    .join('\n')
    .replace(/ \{$/, '')
}

/** `): {` opens the type of what is answered; the body opens behind it. */
function isEndOfSignature(lines: readonly string[], at: number): boolean {
  const line = lines[at] ?? ''
  const next = lines[at + 1] ?? ''
  if (/^export function .*[^{(,]$/.test(line) && !/^[ )}]/.test(next)) return true
  return /^(export |\)|\}).*\{$/.test(line) && !/\): \{$/.test(line)
}
