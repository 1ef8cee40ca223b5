import { findOwn } from '../../../protocol/find-own.ts'
import { readStrictJson } from '../../../protocol/strict-json.ts'
import { type EntraErrorEntry, entraErrors } from './entra-error-table.ts'
import { oauthErrors } from './entra-error-table-oauth.ts'

/** Entra's refusal. `description` is only for logs; pages show the table's sentences. */
export type EntraError = {
  readonly error: string
  readonly suberror?: string
  readonly codes: readonly number[]
  readonly traceId?: string
  readonly correlationId?: string
  readonly timestamp?: string
  /** A claims challenge, exactly as it was sent: the next authorization request sends it back to Entra. */
  readonly claims?: string
  readonly description?: string
}

/** The parts of an `error_description` that may be shown: never its text. */
export type EntraErrorDescription = {
  readonly code?: number
  readonly traceId?: string
  readonly correlationId?: string
  readonly timestamp?: string
}

/** Reads the number from `AADSTS50011`, `50011`, a link to Entra's error page, or the whole pasted page. */
export function parseEntraErrorCode(text: string): number | undefined {
  const bounded = text.slice(0, MAX_PASTED_CHARACTERS)

  return findPrefixedCode(bounded) ?? toCode(standaloneCode.exec(bounded)?.[1])
}

/** Reads number, ids and time from an `error_description`; malformed parts are dropped. */
export function parseEntraErrorDescription(description: string): EntraErrorDescription {
  const bounded = description.slice(0, MAX_PASTED_CHARACTERS)

  return withoutAbsent({
    code: findPrefixedCode(bounded),
    traceId: traceIdLine.exec(bounded)?.[1],
    correlationId: correlationIdLine.exec(bounded)?.[1],
    timestamp: toTimestamp(timestampLine.exec(bounded)?.[1]),
  })
}

/**
 * Parses the JSON of a token endpoint, or the parameters of a redirect. It never throws: input that is not an error of Entra
 * becomes `unknown_error` without further members.
 *
 * @see RFC 6749 §4.1.2.1 and §5.2. The alphabet of `error` is narrower by `<` and `>`, which Entra never sends.
 */
export function parseEntraError(wire: unknown): EntraError {
  const read = memberReader(wire)
  const description = toText(read('error_description'))
  const parsed = parseEntraErrorDescription(description ?? '')

  return withoutAbsent({
    error: toErrorWord(read('error')) ?? 'unknown_error',
    suberror: toErrorWord(read('suberror')),
    codes: collectCodes(read('error_codes'), parsed.code, read('error_uri')),
    traceId: toGuid(read('trace_id')) ?? parsed.traceId,
    correlationId: toGuid(read('correlation_id')) ?? parsed.correlationId,
    timestamp: toTimestamp(read('timestamp')) ?? parsed.timestamp,
    claims: toClaimsChallenge(read('claims')),
    description: description === undefined ? undefined : toLogText(description),
  })
}

/** Returns the entry of an AADSTS number, if we have one. */
export function explainEntraError(code: number): EntraErrorEntry | undefined {
  return withPlace(findOwn<EntraErrorEntry>(entraErrors, code))
}

/** Returns the entry of an OAuth `error` value, for errors without a known number. */
export function explainOAuthError(error: string): EntraErrorEntry | undefined {
  return withPlace(findOwn<EntraErrorEntry>(oauthErrors, error))
}

function withPlace(entry: EntraErrorEntry | undefined): EntraErrorEntry | undefined {
  return entry && { ...entry, where: entry.where ?? 'any' }
}

/** Returns at most three known numbers that begin like an unknown one, the most similar first. */
export function nearestEntraErrorCodes(code: number): readonly number[] {
  return Object.keys(entraErrors)
    .map((known) => ({ known: Number(known), shared: sharedPrefixLength(known, String(code)) }))
    .filter(({ known, shared }) => shared >= MIN_SHARED_DIGITS && known !== code)
    .sort((a, b) => b.shared - a.shared || Math.abs(a.known - code) - Math.abs(b.known - code))
    .slice(0, 3)
    .map(({ known }) => known)
}

const MAX_PASTED_CHARACTERS = 8192
const MAX_DESCRIPTION_CHARACTERS = 2048
const MAX_CLAIMS_CHARACTERS = 4096
const MAX_CODES = 8
const MIN_SHARED_DIGITS = 3

// Every quantifier below is bounded and none is nested, so a hostile text costs linear time.
const prefixedCode = /AADSTS[\s:_#-]{0,3}([1-9]\d{4,7})(?!\d)/i
// The number must not be a part of a GUID, a word, a decimal or a timestamp.
const standaloneCode = /(?<![\w.-])([1-9]\d{4,7})(?![\w-])/
const guid = '([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})(?![\\w-])'
const moment = '(\\d{4}-\\d\\d-\\d\\d[ T]\\d\\d:\\d\\d:\\d\\d(?:\\.\\d{1,7})?Z)'
const traceIdLine = new RegExp(`Trace ID:\\s{0,4}${guid}`, 'i')
const correlationIdLine = new RegExp(`Correlation ID:\\s{0,4}${guid}`, 'i')
const timestampLine = new RegExp(`Timestamp:\\s{0,4}${moment}`, 'i')
const wholeGuid = new RegExp(`^${guid}$`, 'i')
const wholeMoment = new RegExp(`^${moment}$`)
const errorWord = /^[\x20\x21\x23-\x3B\x3D\x3F-\x5B\x5D-\x7E]{1,64}$/
const errorUri = /^https:\/\/[a-z0-9.-]{1,100}\/error\?code=([1-9]\d{4,7})$/i

function findPrefixedCode(text: string): number | undefined {
  return toCode(prefixedCode.exec(text)?.[1])
}

function toCode(digits: string | undefined): number | undefined {
  return digits === undefined ? undefined : Number(digits)
}

/** Reads own members only, so that `__proto__` in the JSON has no effect; a repeated parameter counts as absent. */
function memberReader(wire: unknown): (name: string) => unknown {
  if (wire instanceof URLSearchParams) {
    return (name) => {
      const values = wire.getAll(name)
      return values.length === 1 ? values[0] : undefined
    }
  }
  if (typeof wire !== 'object' || wire === null || Array.isArray(wire)) return () => undefined

  return (name) => Object.getOwnPropertyDescriptor(wire, name)?.value
}

function toText(value: unknown): string | undefined {
  return typeof value === 'string' && value !== ''
    ? value.slice(0, MAX_PASTED_CHARACTERS)
    : undefined
}

function toErrorWord(value: unknown): string | undefined {
  return typeof value === 'string' && errorWord.test(value) ? value : undefined
}

function toGuid(value: unknown): string | undefined {
  return typeof value === 'string' && wholeGuid.test(value) ? value : undefined
}

function toTimestamp(value: unknown): string | undefined {
  if (typeof value !== 'string' || !wholeMoment.test(value)) return undefined

  return Number.isNaN(Date.parse(value.replace(' ', 'T'))) ? undefined : value
}

function collectCodes(
  errorCodes: unknown,
  describedCode: number | undefined,
  uri: unknown,
): readonly number[] {
  const listed: readonly unknown[] = Array.isArray(errorCodes) ? errorCodes.slice(0, MAX_CODES) : []
  const linkedCode = typeof uri === 'string' ? toCode(errorUri.exec(uri)?.[1]) : undefined

  return [...new Set([...listed, describedCode, linkedCode].filter(isCode))].slice(0, MAX_CODES)
}

function isCode(value: unknown): value is number {
  return Number.isInteger(value) && Number(value) >= 10_000 && Number(value) <= 99_999_999
}

/** The challenge is kept exactly or not at all: a shortened or escaped one would no longer be Entra's. */
function toClaimsChallenge(value: unknown): string | undefined {
  if (typeof value !== 'string' || value.length > MAX_CLAIMS_CHARACTERS) return undefined

  return value.includes('<') || !isJsonObject(value) ? undefined : value
}

function isJsonObject(text: string): boolean {
  const read = readStrictJson(text)
  const value = read.kind === 'read' ? read.value : undefined
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Returns one line without control, direction or surrogate characters and without tags, so that a log line stays one line. */
function toLogText(description: string): string {
  return description
    .slice(0, MAX_DESCRIPTION_CHARACTERS)
    .replace(/[\p{C}\p{Zl}\p{Zp}]/gu, ' ')
    .replaceAll('<', '‹')
    .replaceAll('>', '›')
}

function sharedPrefixLength(a: string, b: string): number {
  let length = 0
  while (length < a.length && a[length] === b[length]) length += 1
  return length
}

type WithoutAbsent<T> = { [K in keyof T as undefined extends T[K] ? never : K]: T[K] } & {
  [K in keyof T as undefined extends T[K] ? K : never]?: Exclude<T[K], undefined>
}

function withoutAbsent<T extends object>(members: T): WithoutAbsent<T> {
  const present = Object.entries(members).filter(([, value]) => value !== undefined)

  // Only absent members were left out; the type of Object.fromEntries cannot express that.
  return Object.fromEntries(present) as WithoutAbsent<T>
}
