/** The API client of the command line, for a running server or for a server in this process. */
import { createClient, EntradaApiError, type EntradaClient } from '../client/client.ts'
import { EntradaError, type ErrorCode, errorTable } from '../errors/errors.ts'

export type ApiConnection = {
  /** Makes one attempt per call, because a person waits for the result and can repeat the command. */
  readonly client: EntradaClient
  /** Creates a client that retries calls, for commands of many calls. `file`: it changes connections that a file manages. */
  readonly retryingClient: (managedBy?: 'file') => EntradaClient
  /** Converts an error of a client to the refusal behind it, and returns any other error unchanged. */
  readonly refusalOf: (error: unknown) => unknown
  readonly close: () => Promise<void>
}

export type ApiServer = {
  readonly url: URL
  readonly operatorToken: string
  readonly send: (url: URL, init: RequestInit) => Promise<Response>
  /** Returns the last failure inside the server, if it runs in this process. */
  readonly lastFailure?: () => unknown
}

const TIME_LIMIT_MS = 5_000

/** Creates the connection to a server. Nothing is sent before the first call. */
export function apiConnection(server: ApiServer): ApiConnection {
  let contentType = ''
  const common = {
    serverUrl: server.url,
    apiKey: server.operatorToken,
    fetch: async (url: string, init: RequestInit) => {
      const response = await server.send(new URL(url), init)
      contentType = contentTypeOf(response)
      return response
    },
  }
  return {
    client: createClient({ ...common, retries: 0, timeoutMs: TIME_LIMIT_MS }),
    retryingClient: (managedBy) => createClient({ ...common, ...(managedBy ? { managedBy } : {}) }),
    refusalOf: (error) =>
      error instanceof EntradaApiError ? toRefusal(error, { server, contentType }) : error,
    close: async () => {},
  }
}

/** Returns the content type of a response without its parameters. */
export function contentTypeOf({ headers }: Response): string {
  const [type = ''] = (headers.get('content-type') ?? 'no content type').split(';')
  return type
}

/** A response with a code of the error table is a refusal of our API; any other response came from somewhere else. */
function toRefusal(
  error: EntradaApiError,
  { server, contentType }: { readonly server: ApiServer; readonly contentType: string },
): EntradaError {
  const { code, status, cause } = error
  if (Object.hasOwn(errorTable, code)) {
    return new EntradaError(code as ErrorCode, detailOf(error), { cause: server.lastFailure?.() }) // a key of the table
  }
  const isAnswer = cause === undefined || cause instanceof SyntaxError
  return answerInvalid(server.url, isAnswer ? `${status}, ${contentType}` : reasonOf(cause))
}

function detailOf({ code, errors, correlationId }: EntradaApiError) {
  const [first] = errors
  const problems = errors.filter(({ problem }) => problem !== ONLY_NAMED)
  return {
    ...(first ? { parameter: first.parameter } : {}),
    ...(problems.length > 0
      ? { problems: problems.map(({ parameter, problem }) => `${parameter} ${problem}`) }
      : {}),
    ...(code === 'internal_error' && correlationId ? { correlationId } : {}),
  }
}

/** The problem that the client reports if the API names a parameter without a problem. */
const ONLY_NAMED = 'is not valid'

/** Returns why a request had no usable response, in a word or two. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  if (error.name === 'TimeoutError') return 'no answer in time'
  const { cause = error } = error
  const withCode = [error, cause].find(
    (candidate) => candidate instanceof Error && 'code' in candidate,
  )
  if (withCode instanceof Error && 'code' in withCode) return String(withCode.code)
  return cause instanceof Error ? cause.message : String(cause)
}

/** Creates the refusal for a response that did not come from our API. */
export function answerInvalid({ origin }: URL, answer: string): EntradaError {
  return new EntradaError('server_answer_invalid', {
    problems: [`the server at ${origin} did not answer properly: ${answer}`],
  })
}
