/** Checks a value against a schema. The error names every wrong member, and repeats none of its text. */
import * as v from 'valibot'
import { EntradaError } from '../errors/errors.ts'
import { withoutPrototypes } from './strict-json.ts'

/** One problem with a request, as problem+json lists it. */
export type InputProblem = { readonly parameter: string; readonly problem: string }

/**
 * Checks a value against a schema and returns it with its type.
 *
 * @throws {EntradaError} `request_invalid`, with every wrong member in `detail.errors`
 */
export function checkInput<S extends v.GenericSchema>(schema: S, value: unknown): v.InferOutput<S> {
  // One problem for each member is enough. Valibot finds members with `in`, which also finds those of a prototype.
  const result = v.safeParse(schema, withoutPrototypes(value), { abortPipeEarly: true })
  if (result.success) return result.output
  throw inputInvalid(result.issues.map(toProblem))
}

const MOST_PROBLEMS = 50

/** Creates the error for these problems. */
export function inputInvalid(problems: readonly InputProblem[]): EntradaError {
  const errors = problems.slice(0, MOST_PROBLEMS)
  return new EntradaError('request_invalid', { parameter: errors[0]?.parameter, errors })
}

/** Valibot's own messages repeat what was sent, which may be a secret in the wrong place. */
function toProblem(issue: v.BaseIssue<unknown>): InputProblem {
  const parameter = (v.getDotPath(issue) ?? '(body)').slice(0, 100)
  if (issue.type === 'strict_object' && issue.path !== undefined) {
    const isMissing = issue.received === 'undefined'
    return { parameter, problem: isMissing ? 'is missing' : 'is not known here' }
  }
  if (issue.type === 'check' || issue.type === 'raw_transform') {
    return { parameter, problem: issue.message }
  }
  const expected = issue.expected ?? undefined
  if (issue.type === 'regex') {
    const isOurs = !issue.message.startsWith('Invalid format')
    return { parameter, problem: isOurs ? issue.message : `must match ${expected}` }
  }
  return {
    parameter,
    problem: expected ? `must be ${inWords(issue.type, expected)}` : 'is not valid',
  }
}

function inWords(type: string, expected: string): string {
  const number = expected.replace(/^[<>=]+/, '')
  switch (type) {
    case 'min_length':
      return number === '1' ? 'not empty' : `at least ${number} long`
    case 'max_length':
    case 'max_code_points':
      return `at most ${number} long`
    case 'min_value':
      return `at least ${number}`
    case 'max_value':
      return `at most ${number}`
    case 'email':
      return 'an email address'
    case 'iso_timestamp':
      return 'a time such as 2026-11-22T08:00:00Z'
    case 'picklist':
      return `one of ${expected.replace(/[()"]/g, '').replaceAll(' | ', ', ')}`
    default:
      return expected.replace(/^\(|\)$/g, '').replaceAll(' | ', ' or ')
  }
}
