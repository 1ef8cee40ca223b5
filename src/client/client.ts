/**
 * `entrada/client`: the API as typed functions, for any JavaScript that has `fetch`. At run time it imports only its own folder.
 */
import type {
  Answered,
  Asked,
  CallOptions,
  ItemOf,
  ListId,
  OperationId,
} from './operation-types.ts'
import { paths } from './paths.ts'

export type { Answered, Asked, CallOptions, ItemOf, ListId, OperationId }

export type ClientOptions = {
  /** Address of the server, with the mount path if there is one, such as `https://sso.example.com`. */
  readonly serverUrl: string | URL
  /** An API key, or an operator token. */
  readonly apiKey: string
  /** The function that sends requests; by default the global `fetch`. */
  readonly fetch?: (url: string, init: RequestInit) => Promise<Response>
  /** How often a call that may be repeated is retried; 3 by default. */
  readonly retries?: number
  /** With `file`, the client writes connections that a file manages, as `entrada apply` does. */
  readonly managedBy?: 'file'
  /** How long one attempt may take; 10 000 by default. */
  readonly timeoutMs?: number
}

type Arguments<Id extends OperationId> =
  object extends Asked<Id> ? [input?: Asked<Id>] : [input: Asked<Id>]

/** The operations of the API, each by its name in the OpenAPI document. */
export type EntradaClient = {
  readonly [Id in OperationId]: (...input: Arguments<Id>) => Promise<Answered<Id>>
} & {
  /** Iterates over all items of a list; each page is requested when it is needed. */
  all<Id extends ListId>(id: Id, ...input: Arguments<Id>): AsyncGenerator<ItemOf<Id>, void>
}

/** A problem with one member of a request. */
export type InputProblem = { readonly parameter: string; readonly problem: string }

/** A refusal of the API, or a response that cannot be used (`code` is then `no_answer`). */
export class EntradaApiError extends Error {
  readonly code: string
  readonly status: number | undefined
  readonly correlationId: string | undefined
  /** All members of the request that are wrong. */
  readonly errors: readonly InputProblem[]
  readonly retryAfterSeconds: number | undefined

  constructor(message: string, { cause, ...told }: ToldOfError) {
    super(message, { cause })
    this.name = 'EntradaApiError'
    this.code = told.code
    this.status = told.status
    this.correlationId = told.correlationId
    this.errors = told.errors ?? []
    this.retryAfterSeconds = told.retryAfterSeconds
  }
}
type ToldOfError = {
  readonly code: string
  readonly status?: number | undefined
  readonly correlationId?: string | undefined
  readonly errors?: readonly InputProblem[] | undefined
  readonly retryAfterSeconds?: number | undefined
  readonly cause?: unknown
}

const etags = new WeakMap<object, string>()

/** Returns the `ETag` that came with a record, for `ifMatch`. */
export function etagOf(record: object): string | undefined {
  return etags.get(record)
}

/** Creates a client for the API of one server. */
export function createClient(options: ClientOptions): EntradaClient {
  const ids = Object.keys(paths) as OperationId[] // keys of the table
  const verbs = ids.map((id) => [id, (input?: AnyAsked) => call(options, paths[id], input ?? {})])
  async function* all(id: ListId, input: AnyAsked = {}): AsyncGenerator<unknown, void> {
    let cursor: string | null | undefined
    do {
      const query = { ...input.query, ...(cursor ? { cursor } : {}) }
      const page = (await call(options, paths[id], { ...input, query })) as Answered<ListId> // as the table declares
      yield* page.items
      cursor = page.next
    } while (cursor !== null)
  }
  return { ...Object.fromEntries(verbs), all } as EntradaClient // one for each operation, each with its own types
}

type AnyAsked = CallOptions & {
  readonly params?: Readonly<Record<string, string>>
  readonly query?: Readonly<Record<string, unknown>>
  readonly body?: unknown
}
type Place = (typeof paths)[OperationId]

async function call(options: ClientOptions, place: Place, input: AnyAsked): Promise<unknown> {
  const [method = '', path = ''] = place.split(' ')
  const creates = place.endsWith(' creates')
  const key = creates ? (input.idempotencyKey ?? crypto.randomUUID()) : undefined
  const url = addressOf(options.serverUrl, path, input)
  const init = requestOf(options, { method, input, key })
  const mayRepeat = key !== undefined || ['GET', 'PUT', 'DELETE'].includes(method)
  const { retries = 3 } = options
  for (let tries = 1; ; tries += 1) {
    try {
      return await send(options, url, withTimeLimit(options, init, input.signal))
    } catch (error) {
      if (!(error instanceof EntradaApiError)) throw error
      const isLast = tries > retries || input.signal?.aborted
      if (isLast || !isPassing(error, mayRepeat)) throw error
      await pause(error.retryAfterSeconds ?? 2 ** tries / 10)
    }
  }
}

function addressOf(
  serverUrl: string | URL,
  path: string,
  { params = {}, query = {} }: AnyAsked,
): string {
  const filled = path.replaceAll(/:(\w+)/g, (_, name: string) =>
    encodeURIComponent(params[name] ?? ''),
  )
  const present = Object.entries(query).filter(([, value]) => value !== undefined)
  const search = new URLSearchParams(present.map(([name, value]) => [name, String(value)]))
  const base = String(serverUrl).replace(/\/+$/, '')
  return `${base}/api/v1${filled}${present.length > 0 ? `?${search}` : ''}`
}

function requestOf(
  { apiKey, managedBy }: ClientOptions,
  {
    method,
    input,
    key,
  }: { readonly method: string; readonly input: AnyAsked; readonly key: string | undefined },
): RequestInit {
  const { body, ifMatch } = input
  return {
    method,
    redirect: 'error',
    headers: {
      authorization: `Bearer ${apiKey}`,
      ...(managedBy === undefined ? {} : { 'entrada-managed-by': managedBy }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(ifMatch === undefined ? {} : { 'if-match': ifMatch }),
      ...(key === undefined ? {} : { 'idempotency-key': key }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  }
}

function withTimeLimit(
  { timeoutMs = 10_000 }: ClientOptions,
  init: RequestInit,
  signal: AbortSignal | undefined,
): RequestInit {
  const limit = AbortSignal.timeout(timeoutMs)
  return { ...init, signal: signal ? AbortSignal.any([signal, limit]) : limit }
}

async function send(
  { fetch: configuredFetch }: ClientOptions,
  url: string,
  init: RequestInit,
): Promise<unknown> {
  const response = await answerOf(configuredFetch ?? fetch, url, init)
  if (response.status === 204) return undefined
  const answered = await jsonOf(response)
  if (!response.ok) throw refusalOf(response, answered)
  const etag = response.headers.get('etag')
  if (etag !== null && typeof answered === 'object' && answered !== null) etags.set(answered, etag)
  return answered
}

async function answerOf(
  send: NonNullable<ClientOptions['fetch']>,
  url: string,
  init: RequestInit,
): Promise<Response> {
  try {
    return await send(url, init)
  } catch (cause) {
    throw new EntradaApiError('The server did not answer.', { code: 'no_answer', cause })
  }
}

async function jsonOf(response: Response): Promise<unknown> {
  try {
    return await response.json()
  } catch (cause) {
    const { status } = response
    throw new EntradaApiError('The response does not come from Entrada.', {
      code: 'no_answer',
      status,
      cause,
    })
  }
}

function refusalOf({ status, headers }: Response, answered: unknown): EntradaApiError {
  const problem = (answered ?? {}) as Readonly<Record<string, unknown>> // each member is checked
  const { code, title, correlationId, errors, parameter } = problem
  const single = typeof parameter === 'string' ? [{ parameter, problem: 'is not valid' }] : []
  const retryAfter = Number(headers.get('retry-after') ?? Number.NaN)
  const problems = Array.isArray(errors) ? (errors as InputProblem[]) : single // the server writes it so
  const sentences = problems.map(({ parameter, problem }) => ` ${parameter} ${problem}.`).join('')
  return new EntradaApiError(
    `${typeof title === 'string' ? title : `Status ${status}.`}${sentences}`,
    {
      code: typeof code === 'string' ? code : 'no_answer',
      status,
      correlationId: typeof correlationId === 'string' ? correlationId : undefined,
      errors: problems,
      retryAfterSeconds: Number.isFinite(retryAfter) ? retryAfter : undefined,
    },
  )
}

/** Returns whether a retry may help and can do no harm. A request that was refused because of a rate limit changed nothing. */
function isPassing({ status }: EntradaApiError, mayRepeat: boolean): boolean {
  if (status === 429) return true
  return mayRepeat && (status === undefined || [502, 503, 504].includes(status))
}

function pause(seconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, seconds * 1000))
}
