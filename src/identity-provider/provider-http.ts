import { EntradaError } from '../errors/errors.ts'
import { hasOtherCharset } from '../http/read-body.ts'
import type { Outgoing } from '../outgoing/outgoing.ts'
import { ProxyError } from '../outgoing/proxy-error.ts'
import { collectBytes, unpacked } from '../outgoing/read-answer.ts'
import { withinTime } from '../outgoing/time-limit.ts'
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

/** Tests and embedders pass their own `fetch`. A server's own way out is taken as it is, since streams of the Web cost more than the request. */
export type ProviderTransport = typeof fetch | Pick<Outgoing, 'request'>

/** The longest time for one answer. A sign-in as a whole has a deadline of its own. */
const REQUEST_TIME_LIMIT_MS = 5_000
const MAX_ANSWER_BYTES = 1_048_576

/**
 * Creates the only way out to a provider: with time limits, a size limit, no redirects (a 307 would carry secret and code elsewhere)
 * and never an `Origin` header (Entra answers it with AADSTS9002326).
 */
export function createProviderHttp(
  transport: ProviderTransport = fetch,
  { around, observe }: RequestWatch = unwatched,
): ProviderHttp {
  const sendObserved = (url: string, content: Content, options: ProviderRequestOptions) =>
    observed(options.endpoint, observe, () =>
      around(options.endpoint, () => send(transport, url, { ...options, ...content })),
    )
  return {
    get: (url, options) => sendObserved(url, { method: 'GET' }, options),
    postForm: (url, form, options) =>
      sendObserved(
        url,
        {
          method: 'POST',
          body: form,
          contentType: 'application/x-www-form-urlencoded;charset=utf-8',
        },
        options,
      ),
    postJson: (url, body, options) =>
      sendObserved(
        url,
        { method: 'POST', body: JSON.stringify(body), contentType: 'application/json' },
        options,
      ),
  }
}

type Content =
  | { readonly method: 'GET' }
  | { readonly method: 'POST'; readonly body: string; readonly contentType: string }

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
  transport: ProviderTransport,
  url: string,
  request: ProviderRequestOptions & Content,
): Promise<ProviderAnswer> {
  const { endpoint, method, signal } = request
  const headers = headersOf(request)
  const body = method === 'POST' ? { body: request.body } : {}
  try {
    return await withinTime({ limitMs: REQUEST_TIME_LIMIT_MS, signal }, async (limited) => {
      const sent = { method, headers, ...body, signal: limited }
      const answer =
        typeof transport === 'function'
          ? await fetchAnswer(transport, url, sent)
          : await requestAnswer(transport, url, sent)
      return readAnswer(answer, endpoint)
    })
  } catch (error) {
    throw asRefusal(error, endpoint)
  }
}

/** Our headers win. Were the names not in one case, MSAL's `Content-Type` and ours would both be sent, joined by a comma. */
function headersOf(request: ProviderRequestOptions & Content): Record<string, string> {
  const theirs = Object.entries(request.headers ?? {}).map(
    ([name, value]) => [name.toLowerCase(), value] as const,
  )
  return {
    ...Object.fromEntries(theirs),
    accept: 'application/json',
    ...(request.method === 'POST' ? { 'content-type': request.contentType } : {}),
  }
}

/** An answer before its body is read. */
type ReceivedAnswer = {
  readonly status: number
  readonly redirected: boolean
  /** By their names in lower case. */
  readonly headers: Readonly<Record<string, string>>
  /** Returns the body, or `undefined` if it is longer. */
  readonly bytes: (mostBytes: number) => Promise<Uint8Array | undefined>
}

type SentRequest = {
  readonly method: string
  readonly headers: Record<string, string>
  readonly body?: string
  readonly signal: AbortSignal
}

async function fetchAnswer(
  fetchFromNetwork: typeof fetch,
  url: string,
  sent: SentRequest,
): Promise<ReceivedAnswer> {
  const response = await fetchFromNetwork(url, { ...sent, redirect: 'manual' })
  const { status, redirected, headers, body } = response
  return {
    status,
    redirected,
    headers: Object.fromEntries(headers),
    bytes: (mostBytes) => collectBytes(body ?? [], mostBytes),
  }
}

async function requestAnswer(
  { request }: Pick<Outgoing, 'request'>,
  url: string,
  { headers, ...sent }: SentRequest,
): Promise<ReceivedAnswer> {
  const uncompressed = { 'accept-encoding': 'identity', ...headers }
  const answer = await request(new URL(url), { ...sent, headers: uncompressed })
  const texts = Object.entries(answer.headers).map(([name, value = '']) => [name, String(value)])
  return {
    status: answer.statusCode ?? 0,
    redirected: false,
    headers: Object.fromEntries(texts),
    bytes: (mostBytes) => collectBytes(unpacked(answer), mostBytes),
  }
}

async function readAnswer(answer: ReceivedAnswer, endpoint: string): Promise<ProviderAnswer> {
  const { status, redirected, headers: all } = answer
  const { 'retry-after': retryAfter = null, ...headers } = all // kept from MSAL
  const text = await readText(answer, endpoint)
  // This is a temporary failure of the provider. It never reaches MSAL, which would refuse all other users for it.
  if (status >= 500 || status === 429) {
    throw new EntradaError('provider_unreachable', { endpoint, status, retryAfter })
  }
  // If the host's `fetch` follows redirects nevertheless, it has sent secret and code elsewhere already.
  if (redirected || (status >= 300 && status < 400)) {
    throw new EntradaError('provider_answer_invalid', { endpoint, status, reason: 'redirect' })
  }
  if (hasOtherCharset(headers['content-type'] ?? '')) {
    throw new EntradaError('provider_answer_invalid', { endpoint, status, reason: 'charset' })
  }
  return { status, headers, body: parseJsonObject(text, endpoint, status) }
}

const utf8 = new TextDecoder('utf-8', { fatal: true })

async function readText({ bytes }: ReceivedAnswer, endpoint: string): Promise<string> {
  const body = await bytes(MAX_ANSWER_BYTES)
  if (body === undefined) {
    throw new EntradaError('provider_answer_invalid', { endpoint, reason: 'too_large' })
  }
  try {
    return utf8.decode(body)
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
