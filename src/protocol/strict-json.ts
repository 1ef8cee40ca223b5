/**
 * Parses JSON that came from outside. Two things that `JSON.parse` accepts are refused: a member that an object contains twice,
 * because other parsers use the other value, and unlimited nesting. Objects have no prototype, so that a look-up finds only their
 * own members.
 *
 * @see RFC 8259 §4
 */

/** Why a text was refused. `member` is the dotted path of the member that occurs twice. */
export type JsonProblem =
  | { readonly kind: 'not_json' }
  | { readonly kind: 'too_deep' }
  | { readonly kind: 'member_twice'; readonly member: string }

export type JsonRead =
  | { readonly kind: 'read'; readonly value: unknown }
  | { readonly kind: 'refused'; readonly problem: JsonProblem }

const MAX_DEPTH = 64
const MAX_PATH_LENGTH = 200

/** Parses JSON, or returns the problem for which the text is refused. */
export function readStrictJson(text: string): JsonRead {
  let parsed: unknown
  try {
    parsed = JSON.parse(text)
  } catch {
    return { kind: 'refused', problem: { kind: 'not_json' } }
  }
  const copy = copied(parsed)
  if (copy !== undefined && copy.members === countNames(text)) {
    return { kind: 'read', value: copy.value }
  }
  const problem = findProblem(text)
  if (problem !== undefined) return { kind: 'refused', problem }
  return { kind: 'read', value: withoutPrototypes(parsed) }
}

/**
 * Counts the names of members in a text that is known to be JSON, and what looks like one inside of strings. So if there are as many
 * members, no name occurs twice, which is true of nearly every text; otherwise the text is read token by token.
 */
function countNames(text: string): number {
  let count = 0
  NAME_END.lastIndex = 0
  while (NAME_END.test(text)) count += 1
  return count
}

const NAME_END = /"\s*:/g

type Copied = { readonly value: unknown; readonly members: number }

/** Copies the value as {@link withoutPrototypes} does, and counts its members. Returns `undefined` if it is too deep. */
function copied(parsed: unknown): Copied | undefined {
  let members = 0
  let isTooDeep = false
  const copy = (value: unknown, depth: number): unknown => {
    if (typeof value !== 'object' || value === null) return value
    if (depth >= MAX_DEPTH) {
      isTooDeep = true
      return undefined
    }
    if (Array.isArray(value)) return value.map((item) => copy(item, depth + 1))
    const own: Record<string, unknown> = Object.create(null)
    for (const [name, member] of Object.entries(value)) {
      members += 1
      own[name] = copy(member, depth + 1)
    }
    return own
  }
  const value = copy(parsed, 0)
  return isTooDeep ? undefined : { value, members }
}

/** Describes the problem as the end of a sentence about a file. */
export function describeJsonProblem(problem: JsonProblem): string {
  switch (problem.kind) {
    case 'not_json':
      return 'is not valid JSON'
    case 'too_deep':
      return `is nested more than ${MAX_DEPTH} levels deep`
    case 'member_twice':
      return `has the member ${problem.member} twice`
  }
}

/**
 * Returns the same value with objects that have no prototype. It is for results of other parsers, such as YAML, and not for cycles.
 */
export function withoutPrototypes(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutPrototypes)
  if (typeof value !== 'object' || value === null) return value
  const members: Record<string, unknown> = Object.create(null)
  for (const [name, member] of Object.entries(value)) members[name] = withoutPrototypes(member)
  return members
}

type Level = {
  readonly names: Set<string> | undefined
  /** The member whose value is being read. */
  name: string
  /** Whether the next string is the name of a member. */
  expectsName: boolean
}

const newLevel = (token: string): Level =>
  token === '{'
    ? { names: new Set(), name: '', expectsName: true }
    : { names: undefined, name: '', expectsName: false }

/** A string, or one of the characters of the structure. Numbers and literals contain none of them. */
const TOKEN = /"(?:[^"\\]|\\.)*"|[{}[\],]/gs

/** Finds the first problem in a text that is known to be JSON. */
function findProblem(text: string): JsonProblem | undefined {
  const levels: Level[] = []
  for (const [token] of text.matchAll(TOKEN)) {
    const problem = takeToken(levels, token)
    if (problem !== undefined) return problem
  }
  return undefined
}

function takeToken(levels: Level[], token: string): JsonProblem | undefined {
  switch (token) {
    case '{':
    case '[':
      if (levels.length >= MAX_DEPTH) return { kind: 'too_deep' }
      levels.push(newLevel(token))
      return undefined
    case '}':
    case ']':
      levels.pop()
      return undefined
    default:
      return takeInside(levels, token)
  }
}

/** Processes a comma or a string. */
function takeInside(levels: readonly Level[], token: string): JsonProblem | undefined {
  const level = levels.at(-1)
  if (level?.names === undefined) return undefined
  if (token === ',') {
    level.expectsName = true
    return undefined
  }
  if (!level.expectsName) return undefined
  level.expectsName = false
  level.name = JSON.parse(token)
  if (level.names.has(level.name)) return { kind: 'member_twice', member: pathOf(levels) }
  level.names.add(level.name)
  return undefined
}

function pathOf(levels: readonly Level[]): string {
  const names = levels.filter((level) => level.names !== undefined).map(({ name }) => name)
  return names.join('.').slice(0, MAX_PATH_LENGTH)
}
