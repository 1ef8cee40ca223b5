import { EntradaError } from '../errors/errors.ts'
import { readStrictJson } from '../protocol/strict-json.ts'
import type { Services } from '../services.ts'
import type { Exchange } from './exchange.ts'
import { readBodyText } from './read-body.ts'
import { singleHeader } from './single-header.ts'

/**
 * Refuses a request that another site's page could have sent.
 *
 * @throws {EntradaError} `cross_site_request`
 * @see https://www.w3.org/TR/fetch-metadata/
 */
export function checkSameOrigin({ request, here }: Exchange): void {
  const site = singleHeader(request.headers, 'sec-fetch-site')
  const origin = singleHeader(request.headers, 'origin')
  const sameOrigin = site === undefined ? origin === here.origin : site === 'same-origin'
  if (!sameOrigin)
    throw new EntradaError('cross_site_request', { site, origin: origin?.slice(0, 255) })
}

/** The token that a form of this session carries in `form_token`. */
export function formToken(services: Services, sessionId: string): string {
  return services.keyRing.mac('form-token', sessionId)
}

/** @throws {EntradaError} `cross_site_request` */
export function checkFormToken(
  services: Services,
  sessionId: string,
  given: string | null | undefined,
): void {
  if (typeof given !== 'string' || !services.keyRing.isMac('form-token', sessionId, given)) {
    throw new EntradaError('cross_site_request', { reason: 'form_token' })
  }
}

/** @throws {EntradaError} `content_type_not_supported`, `body_too_large`, `body_already_read`, `request_invalid` */
export async function readForm({ request }: Exchange): Promise<URLSearchParams> {
  const text = await readBodyText(request, ['application/x-www-form-urlencoded'])
  if (!isPercentEncodedUtf8(text)) throw invalidBody()
  return new URLSearchParams(text)
}

/** `URLSearchParams` puts U+FFFD in the place of bytes that it cannot read. A `%` that encodes nothing is a letter like any other. */
function isPercentEncodedUtf8(text: string): boolean {
  try {
    for (const [bytes] of text.matchAll(/(?:%[0-9a-f]{2})+/gi)) decodeURIComponent(bytes)
    return true
  } catch {
    return false
  }
}

/** @throws {EntradaError} `content_type_not_supported`, `body_too_large`, `body_already_read`, `request_invalid` */
export async function readJson(
  { request }: Exchange,
  types: readonly string[] = ['application/json'],
): Promise<unknown> {
  const read = readStrictJson(await readBodyText(request, types))
  if (read.kind === 'read') return read.value
  const { problem } = read
  if (problem.kind !== 'member_twice') throw invalidBody()
  const parameter = problem.member
  const errors = [{ parameter, problem: 'is given more than once' }]
  throw new EntradaError('request_invalid', { parameter, errors })
}

/** Without a cause: its message would repeat a piece of the body. */
function invalidBody(): EntradaError {
  return new EntradaError('request_invalid', { parameter: '(body)' })
}

/** The one value of a query or form parameter. @throws {EntradaError} `request_invalid` when repeated. */
export function single(parameters: URLSearchParams, name: string): string | undefined {
  const [value, second] = parameters.getAll(name)
  if (second !== undefined) throw new EntradaError('request_invalid', { parameter: name })
  return value
}
