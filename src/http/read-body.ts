/** Reads the body of a request and checks its type, its charset and its size. */
import { EntradaError } from '../errors/errors.ts'
import { singleHeader } from './single-header.ts'

export const MAX_BODY_BYTES = 65_536

/**
 * Returns the text of a body that has one of these types. The body must be UTF-8: decoded as anything else, it could mean something
 * else than the sender wrote.
 *
 * @throws {EntradaError} `content_type_not_supported`, `body_too_large`, `body_already_read`, `request_invalid`
 */
export async function readBodyText(request: Request, types: readonly string[]): Promise<string> {
  checkContentType(request.headers, types)
  const encoding = singleHeader(request.headers, 'content-encoding') ?? 'identity'
  if (encoding.toLowerCase() !== 'identity') throw new EntradaError('content_type_not_supported')
  return readText(request)
}

function checkContentType(headers: Headers, types: readonly string[]): void {
  const contentType = singleHeader(headers, 'content-type') ?? ''
  const [type = ''] = contentType.split(';')
  if (types.includes(type.trim().toLowerCase()) && !hasOtherCharset(contentType)) return
  throw new EntradaError('content_type_not_supported')
}

/**
 * Returns whether a content type names another charset than UTF-8, or more than one.
 *
 * @see RFC 9110 §8.3.1: parameters follow the type, in any letter case, quoted or not
 */
export function hasOtherCharset(contentType: string): boolean {
  const [, ...parameters] = contentType.split(';')
  const charsets = parameters
    .map((parameter) => parameter.trim().toLowerCase())
    .filter((parameter) => parameter.startsWith('charset'))
  return charsets.length > 1 || charsets.some((charset) => !/^charset="?utf-8"?$/.test(charset))
}

async function readText(request: Request): Promise<string> {
  if (request.bodyUsed) throw new EntradaError('body_already_read')
  const decoder = new TextDecoder('utf-8', { fatal: true })
  let size = 0
  let text = ''
  try {
    for await (const chunk of request.body ?? []) {
      size += chunk.byteLength
      if (size > MAX_BODY_BYTES) throw new EntradaError('body_too_large')
      text += decoder.decode(chunk, { stream: true })
    }
    return text + decoder.decode()
  } catch (cause) {
    if (cause instanceof EntradaError) throw cause
    // The body is not UTF-8, or the client disconnected or was too slow. Nothing is broken in the server.
    throw new EntradaError('request_invalid', { parameter: '(body)' }, { cause })
  }
}
