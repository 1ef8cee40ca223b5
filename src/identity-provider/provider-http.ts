import { EntradaError } from '../errors/errors.ts'
import { hasOtherCharset } from '../http/read-body.ts'
import { ProxyError } from '../outgoing/proxy-error.ts'
import { readStrictJson } from '../protocol/strict-json.ts'

/** An answer of a provider. Its JSON was read, whatever the status. */
export type ProviderAnswer = {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: Readonly<Record<string, unknown>>
}

/** Sends requests of this server to a provider. Tests and embedders may pass their own `fetch`. */
export type ProviderHttp = {
  get(url: string, options: ProviderRequestOptions): Promise<ProviderAnswer>
  postForm(url: string, form: string, options: ProviderRequestOptions): Promise<ProviderAnswer>
  postJson(url: string, body: unknown, options: ProviderRequestOptions): Promise<ProviderAnswer>
}
export type ProviderRequestOptions = {
  /** `discovery`, `keys`, `token` or `graph`: its name in logs and errors. */
  readonly endpoint: string
  readonly headers?: Readonly<Record<string, string>>
  readonly signal?: AbortSignal
}

/** The longest time for one answer. A sign-in as a whole has a deadline of its own. */
const REQUEST_TIME_LIMIT_MS = 5_000
const MAX_ANSWER_BYTES = 1_048_576

/**
 * Creates the only way out to a provider: with time limits, a size limit, no redirects (a 307 would carry secret and code elsewhere)
 * and never an `Origin` header (Entra answers it with AADSTS9002326).
 */
export function createProviderHttp(
  fetchFromNetwork: typeof fetch = fetch,
  { around, observe }: RequestWatch = unwatched,
): ProviderHttp {
  const sendObserved = (url: string, init: RequestInit, options: ProviderRequestOptions) =>
    observed(options.endpoint, observe, () =>
      around(options.endpoint, () => send(fetchFromNetwork, url, init, options)),
    )
  return {
    get: (url, options) => sendObserved(url, { method: 'GET' }, options),
    postForm: (url, form, options) =>
      sendObserved(
        url,
        {
          method: 'POST',
          body: form,
          headers: { 'content-type': 'application/x-www-form-urlencoded;charset=utf-8' },
        },
        options,
      ),
    postJson: (url, body, options) =>
      sendObserved(
        url,
        {
          method: 'POST',
          body: JSON.stringify(body),
          headers: { 'content-type': 'application/json' },
        },
        options,
      ),
  }
}

/** The outcome: `answered`, `refused` (4xx), or the code of the failure. */
export type SeenRequest = {
  readonly endpoint: string
  readonly outcome: string
  readonly seconds: number
}

export type RequestWatch = {
  readonly around: <T>(endpoint: string, ask: () => Promise<T>) => Promise<T>
  readonly observe: (seen: SeenRequest) => void
}
const unwatched: RequestWatch = { around: (_endpoint, ask) => ask(), observe() {} }

async function observed(
  endpoint: string,
  observe: (seen: SeenRequest) => void,
  ask: () => Promise<ProviderAnswer>,
): Promise<ProviderAnswer> {
  const startedAt = performance.now()
  const seen = (outcome: string) =>
    observe({ endpoint, outcome, seconds: (performance.now() - startedAt) / 1000 })
  try {
    const answer = await ask()
    seen(answer.status < 400 ? 'answered' : 'refused')
    return answer
  } catch (error) {
    seen(error instanceof EntradaError ? error.code : 'internal_error')
    throw error
  }
}

async function send(
  fetchFromNetwork: typeof fetch,
  url: string,
  init: RequestInit,
  { endpoint, headers = {}, signal }: ProviderRequestOptions,
): Promise<ProviderAnswer> {
  const timeLimit = AbortSignal.timeout(REQUEST_TIME_LIMIT_MS)
  try {
    const response = await fetchFromNetwork(url, {
      ...init,
      headers: mergedHeaders(headers, init.headers),
      redirect: 'manual',
      signal: signal ? AbortSignal.any([signal, timeLimit]) : timeLimit,
    })
    return await readAnswer(response, endpoint)
  } catch (error) {
    throw asRefusal(error, endpoint)
  }
}

/** Our headers win. In a plain object MSAL's `Content-Type` and ours would both be sent, joined by a comma. */
function mergedHeaders(theirs: Readonly<Record<string, string>>, ours: HeadersInit = {}): Headers {
  const headers = new Headers({ ...theirs })
  headers.set('accept', 'application/json')
  for (const [name, value] of new Headers(ours)) headers.set(name, value)
  return headers
}

async function readAnswer(response: Response, endpoint: string): Promise<ProviderAnswer> {
  const { status } = response
  const text = await readText(response, endpoint)
  // This is a temporary failure of the provider. It never reaches MSAL, which would refuse all other users for it.
  if (status >= 500 || status === 429) {
    const retryAfter = response.headers.get('retry-after')
    throw new EntradaError('provider_unreachable', { endpoint, status, retryAfter })
  }
  // If the host's `fetch` follows redirects nevertheless, it has sent secret and code elsewhere already.
  if (response.redirected || (status >= 300 && status < 400)) {
    throw new EntradaError('provider_answer_invalid', { endpoint, status, reason: 'redirect' })
  }
  if (hasOtherCharset(response.headers.get('content-type') ?? '')) {
    throw new EntradaError('provider_answer_invalid', { endpoint, status, reason: 'charset' })
  }
  const { 'retry-after': _kept_from_msal, ...headers } = Object.fromEntries(response.headers)
  return { status, headers, body: parseJsonObject(text, endpoint, status) }
}

async function readText(response: Response, endpoint: string): Promise<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true })
  let size = 0
  let text = ''
  for await (const chunk of response.body ?? []) {
    size += chunk.byteLength
    if (size > MAX_ANSWER_BYTES) {
      throw new EntradaError('provider_answer_invalid', { endpoint, reason: 'too_large' })
    }
    text += decoded(decoder, endpoint, chunk)
  }
  return text + decoded(decoder, endpoint)
}

/** With a chunk, more is to come; without one, the text has to be complete. */
function decoded(decoder: TextDecoder, endpoint: string, chunk?: Uint8Array): string {
  try {
    return chunk ? decoder.decode(chunk, { stream: true }) : decoder.decode()
  } catch {
    throw new EntradaError('provider_answer_invalid', { endpoint, reason: 'not_utf8' })
  }
}

function parseJsonObject(text: string, endpoint: string, status: number) {
  const read = readStrictJson(text)
  if (read.kind === 'refused' && read.problem.kind === 'member_twice') {
    const { member } = read.problem
    throw new EntradaError('provider_answer_invalid', { endpoint, status, member, reason: 'twice' })
  }
  const body = read.kind === 'read' ? read.value : undefined
  if (typeof body === 'object' && body !== null && !Array.isArray(body)) {
    return body as Record<string, unknown> // an object, checked here
  }
  throw new EntradaError('provider_answer_invalid', {
    endpoint,
    status,
    reason: 'not_a_json_object',
  })
}

function asRefusal(error: unknown, endpoint: string): EntradaError {
  if (error instanceof EntradaError) return error
  if (error instanceof ProxyError) {
    const { proxy, status } = error
    const code = error.code === 'PROXY_REFUSED' ? 'proxy_refused' : 'proxy_unreachable'
    return new EntradaError(code, { endpoint, proxy, status }, { cause: error })
  }
  const name = error instanceof Error ? error.name : ''
  const code =
    name === 'TimeoutError' || name === 'AbortError' ? 'provider_timeout' : 'provider_unreachable'
  return new EntradaError(code, { endpoint }, { cause: error })
}
