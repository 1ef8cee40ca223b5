import { type EntradaError, errorEntry } from '../errors/errors.ts'

/**
 * A refusal as `application/problem+json`, for programs.
 *
 * @see RFC 9457
 */
export function problemJson({
  error,
  correlationId,
}: {
  readonly error: EntradaError
  readonly correlationId: string
}): Response {
  const { status, shown } = errorEntry(error.code)
  const { parameter, errors, retryAfterSeconds, signIn } = error.detail
  const problem = {
    type: 'about:blank',
    title: shown,
    status,
    code: error.code,
    correlationId,
    ...(typeof parameter === 'string' ? { parameter: parameter.slice(0, 100) } : {}),
    ...(Array.isArray(errors) ? { errors } : {}),
    ...(typeof signIn === 'string' ? { signIn } : {}),
  }
  const headers: Record<string, string> = {
    'content-type': 'application/problem+json',
    'cache-control': 'no-store',
  }
  if (status === 401) headers['www-authenticate'] = 'Bearer realm="entrada"'
  if (status === 503) headers['retry-after'] = '5'
  if (typeof retryAfterSeconds === 'number') headers['retry-after'] = String(retryAfterSeconds)
  return new Response(JSON.stringify(problem), { status, headers })
}
