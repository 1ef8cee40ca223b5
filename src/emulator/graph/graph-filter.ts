// $filter of Microsoft Graph, as far as directory objects understand it.
//   parseFilter      text in, a predicate out, or the error that Graph would send
//     parseAlternatives  or, and, not, parentheses; lowest precedence first
//     parseComparison    `property eq value`, `property in (…)`, `startswith(property,'…')`, `property/any(x:…)`
import { badRequest, type GraphError, graphErrors, unsupportedQuery } from './graph-errors.ts'
import type { GraphObject, ObjectKind, Property } from './graph-objects.ts'

type Values = GraphObject['values']
type Predicate = (values: Values) => boolean

/**
 * Parses a `$filter` for one kind of object. Without `isAdvanced`, it refuses what Graph answers only with
 * `ConsistencyLevel: eventual` and `$count=true`.
 *
 * @see OData 4.01 URL Conventions §5.1.1
 */
export function parseFilter(
  text: string,
  kind: ObjectKind,
  { isAdvanced }: { readonly isAdvanced: boolean },
): Predicate | GraphError {
  const reader = { text, kind, isAdvanced, tokens: toTokens(text), next: 0 }
  if (reader.tokens.length > MOST_TOKENS) return unsupportedQuery('The filter is too long.')
  try {
    const predicate = parseAlternatives(reader)
    if (reader.next < reader.tokens.length) throw syntaxError(reader)
    return predicate
  } catch (error) {
    if (error instanceof UnusableFilter) return error.graphError
    throw error
  }
}

// Nested parentheses are parsed recursively; without a limit they would exhaust the stack.
const MOST_TOKENS = 1000

/** Leaves the parser from any depth. */
class UnusableFilter extends Error {
  readonly graphError: GraphError

  constructor(graphError: GraphError) {
    super(graphError.message)
    this.graphError = graphError
  }
}

type Token = { readonly text: string; readonly at: number }

type Reader = {
  readonly text: string
  readonly kind: ObjectKind
  readonly isAdvanced: boolean
  readonly tokens: readonly Token[]
  next: number
}

const TOKEN = /\s+|'(?:[^']|'')*'|[\w$.@/+-]+(?::\d[\w.:+-]*)?|[(),:]|./gsu

function toTokens(text: string): readonly Token[] {
  return [...text.matchAll(TOKEN)]
    .map((match) => ({ text: match[0], at: match.index }))
    .filter((token) => token.text.trim() !== '')
}

function parseAlternatives(reader: Reader): Predicate {
  let whole = parseConjunction(reader)
  while (takeWord(reader, 'or')) {
    const [left, right] = [whole, parseConjunction(reader)]
    whole = (values) => left(values) || right(values)
  }
  return whole
}

function parseConjunction(reader: Reader): Predicate {
  let whole = parseNegation(reader)
  while (takeWord(reader, 'and')) {
    const [left, right] = [whole, parseNegation(reader)]
    whole = (values) => left(values) && right(values)
  }
  return whole
}

function parseNegation(reader: Reader): Predicate {
  if (takeWord(reader, 'not')) {
    needAdvanced(reader, 'Not')
    const inner = parseNegation(reader)
    return (values) => !inner(values)
  }
  if (!takeText(reader, '(')) return parseComparison(reader)
  const inner = parseAlternatives(reader)
  expect(reader, ')')
  return inner
}

function parseComparison(reader: Reader): Predicate {
  const { text: name } = take(reader)
  if (peek(reader) === '(') {
    const lambda = /^(\w+)\/any$/i.exec(name)?.[1]
    return lambda === undefined ? parseFunction(reader, name) : parseAny(reader, lambda)
  }
  const property = findProperty(reader, name)
  const test = parseTest(reader, property)
  return (values) => test(values[property.name])
}

/** `startswith(property,'text')` and `endswith(property,'text')`. */
function parseFunction(reader: Reader, name: string): Predicate {
  expect(reader, '(')
  const property = findProperty(reader, take(reader).text)
  expect(reader, ',')
  const test = textTest(reader, { name, property })
  expect(reader, ')')
  return (values) => test(values[property.name])
}

/** Parses `property/any(x:x eq 'text')`, which is true if one value of the collection matches. */
function parseAny(reader: Reader, name: string): Predicate {
  const property = findProperty(reader, name)
  if (property.type !== 'strings') throw invalid(`'${name}' is not a collection.`)
  expect(reader, '(')
  const variable = take(reader).text
  expect(reader, ':')
  const test = parseElementTest(reader, { variable, property })
  expect(reader, ')')
  return (values) => {
    const elements = values[property.name]
    return Array.isArray(elements) && elements.some(test)
  }
}

function parseElementTest(
  reader: Reader,
  { variable, property }: { readonly variable: string; readonly property: NamedProperty },
): Test {
  const { text: first } = take(reader)
  if (first === variable) return parseTest(reader, { ...property, type: 'string' })
  expect(reader, '(')
  expect(reader, variable)
  expect(reader, ',')
  const test = textTest(reader, { name: first, property: { ...property, type: 'string' } })
  expect(reader, ')')
  return test
}

type NamedProperty = Pick<Property<never>, 'type' | 'filter'> & { readonly name: string }
type Test = (value: unknown) => boolean
type Literal = string | boolean | null

function findProperty({ kind, isAdvanced }: Reader, askedName: string): NamedProperty {
  const { type } = kind
  const name = Object.keys(kind.properties).find(
    (candidate) => candidate.toLowerCase() === askedName.toLowerCase(),
  )
  const property = name === undefined ? undefined : kind.properties[name]
  if (name === undefined || property === undefined) {
    throw invalid(
      `Could not find a property named '${askedName.slice(0, 100)}' on type 'microsoft.graph.${type}'.`,
    )
  }
  const isUsable = property.filter === 'default' || (property.filter !== undefined && isAdvanced)
  if (isUsable) return { name, ...property }
  const resource = type === 'user' ? 'User' : 'Group'
  throw new UnusableFilter(
    unsupportedQuery(
      `Unsupported or invalid query filter clause specified for property '${name}' of resource '${resource}'.`,
    ),
  )
}

function parseTest(reader: Reader, property: NamedProperty): Test {
  const operator = take(reader).text.toLowerCase()
  if (operator === 'in') return parseMembership(reader, property)
  if (!['eq', 'ne', 'ge', 'gt', 'le', 'lt'].includes(operator)) {
    reader.next -= 1
    throw syntaxError(reader)
  }
  if (operator === 'ne') needAdvanced(reader, 'NotEqualsMatch')
  const literal = parseLiteral(reader, property)
  if (operator === 'eq') return (value) => isSame(value, literal)
  if (operator === 'ne') return (value) => !isSame(value, literal)
  return (value) => isOrdered(value, operator, literal)
}

function parseMembership(reader: Reader, property: NamedProperty): Test {
  expect(reader, '(')
  const literals = [parseLiteral(reader, property)]
  while (takeText(reader, ',')) literals.push(parseLiteral(reader, property))
  expect(reader, ')')
  return (value) => literals.some((literal) => isSame(value, literal))
}

function textTest(
  reader: Reader,
  { name, property }: { readonly name: string; readonly property: NamedProperty },
): Test {
  const literal = String(parseLiteral(reader, { ...property, type: 'string' })).toLowerCase()
  const onText = (test: (text: string) => boolean) => (value: unknown) =>
    typeof value === 'string' && test(value.toLowerCase())
  switch (name.toLowerCase()) {
    case 'startswith':
      return onText((text) => text.startsWith(literal))
    case 'endswith':
      if (!endsWithProperties.includes(property.name)) needSupport('EndsWithMatch')
      needAdvanced(reader, 'EndsWithMatch')
      return onText((text) => text.endsWith(literal))
    default:
      return needSupport(name)
  }
}

const endsWithProperties = ['mail', 'otherMails', 'userPrincipalName', 'proxyAddresses']

function parseLiteral(reader: Reader, { type }: NamedProperty): Literal {
  const { text } = take(reader)
  if (text === 'null') return null
  const isBoolean = text === 'true' || text === 'false'
  if (type === 'boolean' && isBoolean) return text === 'true'
  if (type === 'date' && /^\d{4}-\d\d-\d\d(T[\d:.]+(Z|[+-]\d\d:\d\d))?$/.test(text)) return text
  if (type === 'string' && text.startsWith("'") && text.length > 1) {
    return text.slice(1, -1).replaceAll("''", "'")
  }
  throw invalid(`A value of another type is expected in place of ${text.slice(0, 100)}.`)
}

/** Graph compares text without regard to letter case. */
function isSame(value: unknown, literal: Literal): boolean {
  if (typeof value === 'string' && typeof literal === 'string') {
    return value.toLowerCase() === literal.toLowerCase()
  }
  return (value ?? null) === literal
}

function isOrdered(value: unknown, operator: string, literal: Literal): boolean {
  if (typeof value !== 'string' || typeof literal !== 'string') return false
  const order = value.toLowerCase().localeCompare(literal.toLowerCase())
  const isIncluded = operator.endsWith('e') && order === 0
  return isIncluded || (operator.startsWith('g') ? order > 0 : order < 0)
}

function needAdvanced({ isAdvanced }: Reader, operator: string): void {
  if (isAdvanced) return
  const { message } = graphErrors.needsEventual
  throw new UnusableFilter(
    unsupportedQuery(`Unsupported property filter clause operator '${operator}'. ${message}`),
  )
}

function needSupport(operator: string): never {
  throw new UnusableFilter(
    unsupportedQuery(
      `Unsupported property filter clause operator '${operator.slice(0, 50)}' for this property.`,
    ),
  )
}

function invalid(reason: string): UnusableFilter {
  return new UnusableFilter(badRequest(`Invalid filter clause: ${reason}`))
}

function syntaxError({ text, tokens, next }: Reader): UnusableFilter {
  const at = tokens[next]?.at ?? text.length
  return invalid(`Syntax error at position ${at} in '${text.slice(0, 200)}'.`)
}

function peek({ tokens, next }: Reader): string | undefined {
  return tokens[next]?.text
}

function take(reader: Reader): Token {
  const token = reader.tokens[reader.next]
  if (token === undefined) throw syntaxError(reader)
  reader.next += 1
  return token
}

function takeText(reader: Reader, text: string): boolean {
  if (peek(reader) !== text) return false
  reader.next += 1
  return true
}

function takeWord(reader: Reader, word: string): boolean {
  if (peek(reader)?.toLowerCase() !== word) return false
  reader.next += 1
  return true
}

function expect(reader: Reader, text: string): void {
  if (!takeText(reader, text)) throw syntaxError(reader)
}
