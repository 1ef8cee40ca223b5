import { EntradaError } from '../errors/errors.ts'
import { codeFields } from '../errors/former-codes.ts'
import type { LogFields } from '../services.ts'
import { hideCredentials } from './hide-credentials.ts'

const MAX_TEXT_LENGTH = 2000
const MAX_DEPTH = 5
/** Members that hold a secret, a code or a token, wherever they stand. */
const SECRET_NAMES =
  /^(code|state|nonce|set-cookie|authorization|samlresponse|.*(secret|token|cookie|password|verifier|assertion|challenge)s?|id_token.*)$/i
/** Members that only look like it. */
const HARMLESS = /^(code|state)$/

/** The fields without secrets, cut to a length that a log can bear. `code` is ours unless it is not one of our codes. */
export function redact(fields: LogFields = {}): LogFields {
  return redactRecord(fields, 0)
}

function redactRecord(fields: LogFields, depth: number): LogFields {
  return Object.fromEntries(
    Object.entries(fields)
      .slice(0, 50)
      .map(([name, value]) => [
        name,
        isSecret(name, value) ? '[secret]' : redactValue(value, depth),
      ]),
  )
}

function redactValue(value: unknown, depth: number): unknown {
  if (typeof value === 'string') return cut(value)
  if (value instanceof Error) return redactError(value, depth)
  if (typeof value !== 'object' || value === null || value instanceof Date) return value
  if (depth >= MAX_DEPTH) return '[deep]'
  if (Array.isArray(value)) return value.slice(0, 50).map((item) => redactValue(item, depth + 1))
  if (value instanceof URL) return cut(value.origin + value.pathname) // a query may hold a code
  if ('toJSON' in value && typeof value.toJSON === 'function') {
    return redactValue(value.toJSON(), depth + 1)
  }
  return redactRecord({ ...value }, depth + 1)
}

/** Our own errors bring their evidence; of others only name, message and stack, never what hangs on them. */
function redactError(error: Error, depth: number): unknown {
  const { name, message, stack, cause } = error
  const own =
    error instanceof EntradaError
      ? { ...codeFields(error.code), detail: redactValue(error.detail, depth + 1) }
      : {}
  return {
    name,
    message: cut(message),
    ...own,
    stack: stack
      ?.split('\n')
      .slice(1, 8)
      .map((line) => cut(line.trim())),
    ...(cause === undefined || depth >= MAX_DEPTH ? {} : { cause: redactValue(cause, depth + 1) }),
  }
}

/** JSON escapes the controls below U+0020 alone; a terminal obeys those from U+007F on as well. */
function cut(text: string): string {
  // Before it is cut: an address without its end would show a part of the password.
  const safe = hideCredentials(text)
  const short = safe.length > MAX_TEXT_LENGTH ? `${safe.slice(0, MAX_TEXT_LENGTH)}…` : safe
  return short.replace(/[\u007f-\u009f]/g, '\ufffd')
}

/** An error code of ours is called `code` too: short words in snake_case, or a number. */
function isSecret(name: string, value: unknown): boolean {
  if (!SECRET_NAMES.test(name)) return false
  if (!HARMLESS.test(name) || (typeof value === 'object' && value !== null)) return true
  return typeof value === 'string' && !/^[a-z][a-z0-9_]{2,40}$/.test(value)
}
