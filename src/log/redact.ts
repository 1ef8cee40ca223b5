import { EntradaError } from '../errors/errors.ts'
import { codeFields } from '../errors/former-codes.ts'
import { hideCredentials } from './hide-credentials.ts'
import type { LogFields } from './log.ts'

const MAX_TEXT_LENGTH = 2000
const MAX_DEPTH = 5
/** Members that hold a secret, a code or a token, at any depth. */
const SECRET_NAMES =
  /^(code|state|nonce|set-cookie|authorization|samlresponse|.*(secret|token|cookie|password|verifier|assertion|challenge)s?|id_token.*)$/i
/** Members with such a name that hold no secret. */
const HARMLESS = /^(code|state)$/

/**
 * Returns the fields without secrets, cut to a length that a log can hold. A member `code` is kept only if it is one of our codes.
 */
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
  if (value instanceof URL) return cut(value.origin + value.pathname) // a query may contain a code
  if ('toJSON' in value && typeof value.toJSON === 'function') {
    return redactValue(value.toJSON(), depth + 1)
  }
  return redactRecord({ ...value }, depth + 1)
}

/** Our own errors contain their evidence. Of other errors only name, message and stack are logged, and no further members. */
function redactError(error: Error, depth: number): unknown {
  const { name, message, stack, cause } = error
  const evidence =
    error instanceof EntradaError
      ? { ...codeFields(error.code), detail: redactValue(error.detail, depth + 1) }
      : {}
  return {
    name,
    message: cut(message),
    ...evidence,
    stack: stack
      ?.split('\n')
      .slice(1, 8)
      .map((line) => cut(line.trim())),
    ...(cause === undefined || depth >= MAX_DEPTH ? {} : { cause: redactValue(cause, depth + 1) }),
  }
}

/** JSON escapes only the control characters below U+0020, but a terminal also obeys those from U+007F on. */
function cut(text: string): string {
  // Credentials are hidden before the text is cut, because an address without its end would show a part of the password.
  const safe = hideCredentials(text)
  const short = safe.length > MAX_TEXT_LENGTH ? `${safe.slice(0, MAX_TEXT_LENGTH)}…` : safe
  return short.replace(/[\u007f-\u009f]/g, '\ufffd')
}

/** Our error codes are members named `code` too: short words in snake_case, or a number. */
function isSecret(name: string, value: unknown): boolean {
  if (!SECRET_NAMES.test(name)) return false
  if (!HARMLESS.test(name) || (typeof value === 'object' && value !== null)) return true
  return typeof value === 'string' && !/^[a-z][a-z0-9_]{2,40}$/.test(value)
}
