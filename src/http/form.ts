import { EntradaError } from '../errors.ts'
import type { Services } from '../services.ts'
import type { Exchange } from './exchange.ts'

export const MAX_BODY_BYTES = 65_536

/**
 * Refuses a request that another site's page could have sent.
 *
 * @throws {EntradaError} `cross_site_request`
 * @see https://www.w3.org/TR/fetch-metadata/
 */
export function checkSameOrigin({ request, here }: Exchange): void {
  const site = request.headers.get('sec-fetch-site')
  const origin = request.headers.get('origin')
  const sameOrigin = site === null ? origin === here.origin : site === 'same-origin'
  if (!sameOrigin)
    throw new EntradaError('cross_site_request', { site, origin: origin?.slice(0, 255) })
}

/** The token that a form of this session carries in `form_token`. */
export function formToken(services: Services, sessionId: string): string {
  return services.keyRing.mac('form-token', sessionId)
}

/** @throws {EntradaError} `cross_site_request` */
export function checkFormToken(services: Services, sessionId: string, given: string | null): void {
  if (given === null || !services.keyRing.isMac('form-token', sessionId, given)) {
    throw new EntradaError('cross_site_request', { reason: 'form_token' })
  }
}

/** @throws {EntradaError} `content_type_not_supported`, `body_too_large`, `body_already_read`, `request_invalid` */
export async function readForm({ request }: Exchange): Promise<URLSearchParams> {
  const [contentType] = (request.headers.get('content-type') ?? '').split(';')
  if (contentType?.trim().toLowerCase() !== 'application/x-www-form-urlencoded') {
    throw new EntradaError('content_type_not_supported')
  }
  return new URLSearchParams(await readText(request))
}

/** @throws {EntradaError} `content_type_not_supported`, `body_too_large`, `body_already_read`, `request_invalid` */
export async function readJson(
  { request }: Exchange,
  types: readonly string[] = ['application/json'],
): Promise<unknown> {
  const [contentType = ''] = (request.headers.get('content-type') ?? '').split(';')
  if (!types.includes(contentType.trim().toLowerCase())) {
    throw new EntradaError('content_type_not_supported')
  }
  const text = await readText(request)
  try {
    return JSON.parse(text)
  } catch {
    // Without the cause: its message repeats a piece of the body.
    throw new EntradaError('request_invalid', { parameter: '(body)' })
  }
}

async function readText(request: Request): Promise<string> {
  if (request.bodyUsed) throw new EntradaError('body_already_read')
  const decoder = new TextDecoder()
  let size = 0
  let text = ''
  try {
    for await (const chunk of request.body ?? []) {
      size += chunk.byteLength
      if (size > MAX_BODY_BYTES) throw new EntradaError('body_too_large')
      text += decoder.decode(chunk, { stream: true })
    }
  } catch (cause) {
    if (cause instanceof EntradaError) throw cause
    // The sender went away or was too slow: nothing here is broken.
    throw new EntradaError('request_invalid', { parameter: '(body)' }, { cause })
  }
  return text + decoder.decode()
}

/** The one value of a query or form parameter. @throws {EntradaError} `request_invalid` when repeated. */
export function single(parameters: URLSearchParams, name: string): string | undefined {
  const [value, second] = parameters.getAll(name)
  if (second !== undefined) throw new EntradaError('request_invalid', { parameter: name })
  return value
}
