import { EntradaError } from '../errors/errors.ts'

/**
 * The one value of a header; docs/inputs.md lists all. A header that came twice is joined by a comma, by Node and by proxies on the way:
 * no header that is read with this function has a comma in its one value, so that a comma means two.
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
