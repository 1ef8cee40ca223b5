import { EntradaError } from '../errors/errors.ts'

/**
 * Returns the only value of a header; docs/inputs.md lists all headers. Node and proxies join repeated headers with a comma. None
 * of the headers that are read with this function may contain a comma, so a comma means two values.
 *
 * @throws {EntradaError} `request_invalid`
 * @see RFC 9110 §5.3
 */
export function singleHeader(headers: Pick<Headers, 'get'>, name: string): string | undefined {
  const value = headers.get(name)
  if (value === null) return undefined
  if (value.includes(',')) throw new EntradaError('request_invalid', { parameter: name })
  return value
}
