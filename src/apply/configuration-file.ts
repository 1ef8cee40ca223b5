/**
 * Reads the file of `entrada apply`, checks it with the schemas of the API, and reports all problems at once, each with its line.
 */
import * as v from 'valibot'
import { isMap, isPair, isScalar, LineCounter, type Node, parseDocument } from 'yaml'
import { organizationSettings } from '../api/resources/organizations.ts'
import { connectionMembers, newProvider } from '../connections/connection-schema.ts'
import { displayName, givenText, timeText } from '../connections/schema-parts.ts'
import { EntradaError, isEntradaError } from '../errors/errors.ts'
import { checkInput, type InputProblem } from '../protocol/check-input.ts'
import { withoutPrototypes } from '../protocol/strict-json.ts'
import { strictObject } from '../protocol/strict-object.ts'

const reference = v.pipe(
  v.string(),
  v.check(
    (value: string) => /^(env|file):.+$/s.test(value),
    'must be env:NAME or file:PATH, never the secret itself',
  ),
)
const credential = v.variant('kind', [
  strictObject({
    kind: v.literal('client_secret'),
    from: reference,
    expiresAt: v.nullish(timeText),
    state: v.nullish(v.picklist(['active', 'pending', 'retired'])),
  }),
  strictObject({ kind: v.literal('certificate') }),
  strictObject({ kind: v.literal('federated_token_file') }),
])
const connection = strictObject({
  id: givenText,
  slug: v.nullish(givenText),
  provider: newProvider,
  ...connectionMembers,
  credentials: v.nullish(v.array(credential)),
  status: v.nullish(v.picklist(['on', 'off', 'draft'])),
})
const organization = strictObject({
  id: givenText,
  slug: v.nullish(givenText),
  name: displayName,
  settings: v.nullish(organizationSettings),
  connections: v.nullish(v.array(connection)),
})
const file = strictObject({ organizations: v.array(organization) })

export type FileCredential = v.InferOutput<typeof credential>
export type FileConnection = v.InferOutput<typeof connection>
export type FileOrganization = v.InferOutput<typeof organization>
export type Configuration = v.InferOutput<typeof file>

/** A document and the lines of its parts. */
export type ReadConfiguration = {
  readonly configuration: Configuration
  /** Describes a problem with its line, such as `line 3: organizations.0.name is missing`. */
  readonly at: (problem: InputProblem) => string
}

/** Enough for the anchors that people write, but not for a file that expands without end. */
const MOST_ALIASES = 1000

/** Parses the file. @throws {EntradaError} `configuration_invalid`, every problem in `detail.problems` */
export function parseConfiguration(yaml: string): ReadConfiguration {
  const lineCounter = new LineCounter()
  const document = parseDocument(yaml, { lineCounter, prettyErrors: false })
  const faults = [...document.errors, ...document.warnings].map(({ message, pos }) => {
    return `line ${lineCounter.linePos(pos[0]).line}: ${message}`
  })
  if (faults.length > 0) throw new EntradaError('configuration_invalid', { problems: faults })
  const at = (problem: InputProblem) => {
    const line = lineOf(document.contents, problem.parameter, lineCounter)
    return `line ${line}: ${problem.parameter} ${problem.problem}`
  }
  const configuration = checked(contentOf(document), at)
  const repeated = findRepeated(configuration)
  if (repeated.length > 0) {
    throw new EntradaError('configuration_invalid', { problems: repeated.map(at) })
  }
  return { configuration, at }
}

function contentOf(document: ReturnType<typeof parseDocument>): unknown {
  try {
    // An alias may occur inside the value that it names. Such a value has no end, which is detected here.
    return withoutPrototypes(document.toJS({ maxAliasCount: MOST_ALIASES }))
  } catch {
    const problems = ['too many aliases, or one that contains itself']
    throw new EntradaError('configuration_invalid', { problems })
  }
}

function checked(content: unknown, at: ReadConfiguration['at']): Configuration {
  try {
    return checkInput(file, content)
  } catch (error) {
    if (!isEntradaError(error)) throw error
    const errors = error.detail.errors as readonly InputProblem[] // as checkInput creates them
    throw new EntradaError('configuration_invalid', { problems: errors.map(withHint).map(at) })
  }
}

/** The most likely mistake deserves a better hint than "is not known here". */
function withHint(problem: InputProblem): InputProblem {
  if (!/\.(value|secret|clientSecret)$/.test(problem.parameter)) return problem
  return { ...problem, problem: 'is not known here; a secret is named by `from`, never written' }
}

/** Finds ids and slugs that occur twice. */
function findRepeated({ organizations }: Configuration): readonly InputProblem[] {
  const connections = organizations.flatMap((organization, index) =>
    (organization.connections ?? []).map((connection, place) => ({
      ...connection,
      path: `organizations.${index}.connections.${place}`,
    })),
  )
  const owners = organizations.map((organization, index) => ({
    ...organization,
    path: `organizations.${index}`,
  }))
  return [...repeatedIn(owners), ...repeatedIn(connections)]
}

type Named = {
  readonly id: string
  readonly slug?: string | null | undefined
  readonly path: string
}

function repeatedIn(records: readonly Named[]): readonly InputProblem[] {
  return (['id', 'slug'] as const).flatMap((member) => {
    const values = records.map((record) => record[member]?.toLowerCase())
    return records.flatMap(({ path }, index) => {
      const value = values[index]
      const isSecond = value !== undefined && values.indexOf(value) < index
      return isSecond ? [{ parameter: `${path}.${member}`, problem: 'is another one’s too' }] : []
    })
  })
}

/** Returns the line of the deepest part of the path that exists, because a missing member has no line of its own. */
function lineOf(root: unknown, path: string, lineCounter: LineCounter): number {
  let node = root as Node | null // as yaml parsed it
  let offset = 0
  for (const part of path.split('.')) {
    const found = childOf(node, part)
    if (found === undefined) break
    offset = found.offset
    node = found.node
  }
  return lineCounter.linePos(offset).line
}

function childOf(
  node: Node | null,
  part: string,
): { readonly node: Node | null; readonly offset: number } | undefined {
  if (node === null || !('items' in node)) return undefined
  if (isMap(node)) {
    const pair = node.items.find(({ key }) => isScalar(key) && String(key.value) === part)
    if (pair === undefined || !isScalar(pair.key)) return undefined
    return { node: pair.value as Node | null, offset: pair.key.range?.[0] ?? 0 } // a parsed pair
  }
  const item = (node.items as readonly unknown[])[Number(part)]
  if (item === undefined || isPair(item)) return undefined
  const child = item as Node // an item of a parsed list
  return { node: child, offset: child.range?.[0] ?? 0 }
}
