import { EntradaError } from '../errors/errors.ts'
import { readStrictJson } from '../protocol/strict-json.ts'
import type { Services } from '../services.ts'
import type { Exchange } from './exchange.ts'
import { readBodyText } from './read-body.ts'
import { singleHeader } from './single-header.ts'

/**
 * Refuses a request that a page of another site could have sent.
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

/** Returns the token that a form of this session carries in `form_token`. */
export function formToken(services: Pick<Services, 'keyRing'>, sessionId: string): string {
  return services.keyRing.mac('form-token', sessionId)
}

/** Checks that a form carries the token of its session. @throws {EntradaError} `cross_site_request` */
export function checkFormToken(
  services: Pick<Services, 'keyRing'>,
  sessionId: string,
  token: string | null | undefined,
): void {
  if (typeof token !== 'string' || !services.keyRing.isMac('form-token', sessionId, token)) {
    throw new EntradaError('cross_site_request', { reason: 'form_token' })
  }
}

/**
 * Reads the body of a form.
 *
 * @throws {EntradaError} `content_type_not_supported`, `body_too_large`, `body_already_read`, `request_invalid`
 */
export async function readForm({ request }: Exchange): Promise<URLSearchParams> {
  const text = await readBodyText(request, ['application/x-www-form-urlencoded'])
  if (!isPercentEncodedUtf8(text)) throw invalidBody()
  return new URLSearchParams(text)
}

/** `URLSearchParams` would replace bytes that are not UTF-8 by U+FFFD. A `%` that encodes nothing is an ordinary character. */
function isPercentEncodedUtf8(text: string): boolean {
  try {
    for (const [bytes] of text.matchAll(/(?:%[0-9a-f]{2})+/gi)) decodeURIComponent(bytes)
    return true
  } catch {
    return false
  }
}

/**
 * Reads a JSON body.
 *
 * @throws {EntradaError} `content_type_not_supported`, `body_too_large`, `body_already_read`, `request_invalid`
 */
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

/** The error has no cause, because the message of the cause would repeat a piece of the body. */
function invalidBody(): EntradaError {
  return new EntradaError('request_invalid', { parameter: '(body)' })
}

/** Returns the only value of a query or form parameter. @throws {EntradaError} `request_invalid` when it is repeated */
export function single(parameters: URLSearchParams, name: string): string | undefined {
  const [value, second] = parameters.getAll(name)
  if (second !== undefined) throw new EntradaError('request_invalid', { parameter: name })
  return value
}
