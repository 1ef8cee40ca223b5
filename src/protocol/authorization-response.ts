import { EntradaError } from '../errors/errors.ts'

/** The response that arrived at a redirect URI. `nothing` and `signed_out` are visits that finish no attempt. */
export type AuthorizationResponse =
  | { readonly kind: 'granted'; readonly state: string; readonly code: string }
  | {
      readonly kind: 'refused'
      readonly state: string
      readonly error: string
      readonly errorCodes: readonly number[]
      readonly description?: string
    }
  | { readonly kind: 'returned'; readonly state: string }
  | { readonly kind: 'nothing' }

/** A response that answers a request to sign in: with a code, or with the reason why there is none. */
export type AuthorizationAnswer = Extract<AuthorizationResponse, { kind: 'granted' | 'refused' }>

const MAX_CODE_LENGTH = 8192
const MAX_STATE_LENGTH = 2048
const MAX_DESCRIPTION_LENGTH = 4096
const READ_PARAMETERS = [
  'state',
  'code',
  'error',
  'error_description',
  'error_uri',
  'connection',
  'iss',
]

/**
 * Parses the query of a callback into one of four shapes.
 *
 * @throws {EntradaError} `authorization_response_invalid`, with the parameter's name in `detail.parameter`.
 * @see RFC 6749 §3.1 (no repeated parameter), §4.1.2, §4.1.2.1
 */
export function parseAuthorizationResponse(query: URLSearchParams): AuthorizationResponse {
  for (const name of READ_PARAMETERS) {
    if (query.getAll(name).length > 1) throw invalid(name)
  }
  const state = query.get('state')
  const code = query.get('code')
  const error = query.get('error')

  if (state === null && code === null && error === null) return { kind: 'nothing' }
  if (state === null || state === '' || state.length > MAX_STATE_LENGTH) throw invalid('state')
  if (code !== null && error !== null) throw invalid('error')
  if (error !== null) return refused(state, error, query)
  if (code === null) return { kind: 'returned', state }
  if (code === '' || code.length > MAX_CODE_LENGTH) throw invalid('code')
  return { kind: 'granted', state, code }
}

function refused(state: string, error: string, query: URLSearchParams): AuthorizationResponse {
  const description = query.get('error_description')?.slice(0, MAX_DESCRIPTION_LENGTH)
  const errorUriCode = /[?&]code=(\d{4,8})$/.exec(query.get('error_uri') ?? '')?.[1]
  return {
    kind: 'refused',
    state,
    error: /^[\x21\x23-\x5B\x5D-\x7E]{1,64}$/.test(error) ? error : 'unknown_error',
    errorCodes: errorUriCode === undefined ? [] : [Number(errorUriCode)],
    ...(description === undefined ? {} : { description }),
  }
}

function invalid(parameter: string): EntradaError {
  return new EntradaError('authorization_response_invalid', { parameter })
}
