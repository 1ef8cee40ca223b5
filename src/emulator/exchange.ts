import type { Authority } from './find-in-directory.ts'
import { readBody } from './read-body.ts'
import { newTrace, type Trace } from './refusals.ts'
import type { EmulatorState } from './state.ts'

/** One request together with what is known about it: the form alone, form and query together, and the ids by which it is traced. */
export type Exchange = {
  readonly request: Request
  readonly form: URLSearchParams
  readonly parameters: URLSearchParams
  readonly trace: Trace
}

/** An exchange whose first path segment named an existing authority. */
export type AddressedExchange = Exchange & { readonly authority: Authority }

/** Reads a request once. The form takes precedence, so that a query cannot override what was posted. */
export async function readExchange(state: EmulatorState, request: Request): Promise<Exchange> {
  const query = new URL(request.url).searchParams
  const form = await readForm(request)
  const parameters = new URLSearchParams([...form, ...query])
  const clientRequestId =
    request.headers.get('client-request-id') ?? parameters.get('client-request-id')
  return { request, form, parameters, trace: newTrace(clientRequestId, state.now()) }
}

/**
 * Returns the exchange without parameters that have no value. One that is sent twice stays, empty or not, because it is refused for
 * that.
 *
 * @see RFC 6749 §3.1 and §3.2
 */
export function withoutEmptyParameters(exchange: Exchange): Exchange {
  const { form, parameters } = exchange
  return { ...exchange, form: withoutEmpty(form), parameters: withoutEmpty(parameters) }
}

function withoutEmpty(parameters: URLSearchParams): URLSearchParams {
  const kept = [...parameters].filter(
    ([name, value]) => value !== '' || parameters.getAll(name).length > 1,
  )
  return new URLSearchParams(kept)
}

async function readForm(request: Request): Promise<URLSearchParams> {
  const contentType = request.headers.get('content-type') ?? ''
  const isForm = contentType.toLowerCase().startsWith('application/x-www-form-urlencoded')
  if (request.method !== 'POST' || !isForm) return new URLSearchParams()
  return new URLSearchParams(await readBody(request, MOST_FORM_BYTES))
}

const MOST_FORM_BYTES = 256 * 1024
