/** The files of rules that settings name: JSON with a list of rules, each with an id of its own. */
import * as v from 'valibot'
import { EntradaError } from '../errors/errors.ts'
import { cannotBeRead } from '../errors/file-failure.ts'
import { describeJsonProblem, readStrictJson } from './strict-json.ts'

/**
 * Reads the JSON of a file that a setting names.
 *
 * @throws {EntradaError} `settings_invalid`
 */
export function readRulesFile(
  setting: string,
  path: string,
  readTextFile: (path: string) => string,
): unknown {
  let text: string
  try {
    text = readTextFile(path)
  } catch (error) {
    throw invalid([`${setting} ${cannotBeRead(error)}`])
  }
  return parseRulesJson(setting, text)
}

/** Parses the text of such a file. @throws {EntradaError} `settings_invalid` */
export function parseRulesJson(setting: string, text: string): unknown {
  const read = readStrictJson(text)
  if (read.kind === 'read') return read.value
  throw invalid([`${setting} ${describeJsonProblem(read.problem)}`])
}

/** Checks rules against their schema. @throws {EntradaError} `settings_invalid`, every problem in `detail.problems` */
export function checkRules<Schema extends v.GenericSchema>(
  setting: string,
  schema: Schema,
  input: unknown,
): v.InferOutput<Schema> {
  const result = v.safeParse(schema, input)
  if (result.success) return result.output
  const problems = result.issues.map((issue) => {
    const path = v.getDotPath(issue)
    return `${setting}${path ? `, ${path}` : ''}: ${issue.message}`
  })
  throw invalid(problems)
}

/** Checks that no two rules have one id. @throws {EntradaError} `settings_invalid` */
export function checkDistinctIds(setting: string, rules: readonly { readonly id: string }[]): void {
  const repeated = rules.find(
    ({ id }, index) => rules.findIndex((other) => other.id === id) !== index,
  )
  if (repeated) throw invalid([`${setting}: two rules have the id ${repeated.id}`])
}

function invalid(problems: readonly string[]): EntradaError {
  return new EntradaError('settings_invalid', { problems })
}
