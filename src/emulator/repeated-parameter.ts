import { type Refusal, refusal } from './refusals.ts'

/**
 * Returns the refusal of a request that has one of these parameters twice, or `undefined`.
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
