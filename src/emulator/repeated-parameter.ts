import { type Refusal, refusal } from './refusals.ts'

/**
 * The refusal of a request that says one of these parameters twice; `undefined` when it says each once.
 *
 * @see RFC 6749 §3.1 and §3.2
 */
export function findRepeated(
  parameters: URLSearchParams,
  names: readonly string[],
): Refusal | undefined {
  const repeated = names.find((name) => parameters.getAll(name).length > 1)
  if (repeated === undefined) return undefined
  return refusal(9002313, `The parameter "${repeated}" is there more than once.`)
}
