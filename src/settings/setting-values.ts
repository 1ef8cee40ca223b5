/** Defines a row of the table of settings, and the kinds of values of rows. A problem completes the sentence "NAME …", without the value. */
import { type OperatorEntry, parseOperators } from '../access/operators.ts'
import { isEntradaError } from '../errors/errors.ts'
import { Secret } from '../keys/secret.ts'
import { isNoProxyEntry, parseNoProxy, parseProxy } from '../outgoing/proxies.ts'
import { list } from './setting-parsers.ts'

export type Setting<T = unknown> = {
  /** Its name in the environment. */
  readonly env: string
  /** The name that dstack Enterprise has for the same setting. */
  readonly twin?: string
  /** Its path among the options of `createEntrada`, where the library has it too. */
  readonly option?: string
  /** Whether the library refuses to work without it. */
  readonly required?: true
  readonly value: ValueKind<T>
  /** The text that is read where the environment has none. */
  readonly fallback?: string
  /** Whether other programs read it too, in lower case first; of several spellings the first one that is set counts. */
  readonly lowerCaseToo?: true
  readonly secret?: true
  /** Whether `…_FILE` may name a file with the value, as it may for every secret. */
  readonly fileToo?: true
  readonly help: string
}

export type SettingRows = Readonly<Record<string, Setting>>

/** Reports what is wrong with an option; `member` is the part of it, such as `[2]` or `.role`. */
export type Report = (problem: string, member?: string) => void

/** Reads an option of the library. It reports a value that it refuses, and returns `undefined`. */
export type OptionReader<T> = (value: unknown, report: Report) => T | undefined

/** One kind of value, read from the text of an environment variable and from an option of the library. */
export type ValueKind<T> = {
  /** @throws {Error} with the problem as its message */
  readonly fromText: (text: string) => T
  readonly fromOption: OptionReader<T>
}

/** Makes a value of a parser of text; the library also accepts a `URL` and a `Secret`. */
export function textValue<T>(parse: (text: string) => T): ValueKind<T> {
  return { fromText: parse, fromOption: reader((value) => parse(textOf(value))) }
}

/** Makes an option reader of a function that throws: the message of its error is the problem. */
export function reader<T>(read: (value: unknown) => T): OptionReader<T> {
  return (value, report) => {
    try {
      return read(value)
    } catch (error) {
      report(error instanceof Error ? error.message : 'is not valid')
      return undefined
    }
  }
}

/**
 * Returns the problems that a check returns, or throws as an `EntradaError`. Other errors are thrown on.
 */
export function problemsOf(check: () => readonly string[] | undefined): readonly string[] {
  try {
    return check() ?? []
  } catch (error) {
    if (!isEntradaError(error)) throw error
    return error.detail.problems as readonly string[] // `settings_invalid` has them
  }
}

function textOf(value: unknown): string {
  if (value === undefined || value === '') throw new Error('is missing')
  if (value instanceof URL) return value.href
  const text = value instanceof Secret ? value.reveal() : value
  if (typeof text !== 'string') throw new Error('must be text')
  return text.trim()
}

/** Makes a list of values. In the environment its items are separated by commas; `parseList` may refuse an empty list there. */
export function listValue<T>(
  parse: (text: string) => T,
  parseList: (text: string) => readonly string[] = list,
): ValueKind<readonly T[]> {
  const item = textValue(parse)
  return {
    fromText: (text) => parseList(text).map(parse),
    fromOption: (value, report) => {
      if (!Array.isArray(value)) {
        report(value === undefined ? 'is missing' : 'must be a list')
        return undefined
      }
      return value.flatMap(
        (each, index) => item.fromOption(each, (problem) => report(problem, `[${index}]`)) ?? [],
      )
    },
  }
}

/** Makes a value that is one of several words. */
export function oneOf<const T extends string>(...allowed: readonly T[]): ValueKind<T> {
  const parse = (value: unknown): T => {
    const found = allowed.find((candidate) => candidate === value)
    if (found === undefined) throw new Error(`must be one of ${allowed.join(', ')}`)
    return found
  }
  return { fromText: parse, fromOption: reader(parse) }
}

/** Makes a switch, which has two words in the environment. The library refuses text: `'false'` would count as true. */
export function switchValue(off: string, on: string): ValueKind<boolean> {
  const words = oneOf(off, on)
  return {
    fromText: (text) => words.fromText(text) === on,
    fromOption: reader((value) => {
      if (typeof value !== 'boolean') throw new Error('must be true or false')
      return value
    }),
  }
}

/** Makes a whole number within bounds, which messages name. The library may have wider bounds than the environment. */
export function wholeNumber({
  from,
  to,
  unit = '',
  library = { from, to },
}: Bounds): ValueKind<number> {
  const subject = `must be a whole number${unit}`
  return {
    fromText: (text) => {
      const number = Number(text)
      if (/^\d{1,15}$/.test(text) && number >= from && number <= to) return number
      throw new Error(`${subject} from ${from} to ${to}`)
    },
    fromOption: reader((value) => {
      const { from: least, to: most = Number.POSITIVE_INFINITY } = library
      const isWithin = (number: number) =>
        Number.isInteger(number) && number >= least && number <= most
      if (typeof value === 'number' && isWithin(value)) return value
      throw new Error(
        library.to === undefined
          ? `${subject}, at least ${least}`
          : `${subject} from ${least} to ${most}`,
      )
    }),
  }
}

type Bounds = {
  readonly from: number
  readonly to: number
  /** Follows "a whole number" in messages, such as ` of seconds`. */
  readonly unit?: string
  readonly library?: { readonly from: number; readonly to?: number }
}

/** The operators of Entrada. In the library they are objects, which its types describe. */
export const operatorsValue: ValueKind<readonly OperatorEntry[]> = {
  fromText: parseOperators,
  fromOption: reader((value) => {
    if (!Array.isArray(value)) throw new Error('must be a list')
    return value
  }),
}

/** The address of a proxy. In the library, empty text means no proxy. */
export const proxyValue: ValueKind<Secret> = {
  fromText: parseProxy,
  fromOption: (value, report) =>
    value === '' ? undefined : textValue(parseProxy).fromOption(value, report),
}

/** Hosts that are reached without a proxy. `NO_PROXY` may contain entries that only other programs understand. */
export const noProxyValue: ValueKind<readonly string[]> = {
  fromText: parseNoProxy,
  fromOption: reader((value) => {
    const isList = Array.isArray(value) && value.every((entry) => typeof entry === 'string')
    if (typeof value !== 'string' && !isList) throw new Error('must be text, or a list of texts')
    const entries = parseNoProxy([value].flat().join(','))
    const odd = entries.find((entry) => !isNoProxyEntry(entry))
    if (odd === undefined) return entries
    throw new Error(`holds "${odd}", which is no host, address or block`)
  }),
}
