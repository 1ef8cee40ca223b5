/**
 * Checks and wraps the functions that an embedding application passes in as options. A result of another shape than the declared one
 * then throws wherever the function is called, and is never taken as permission.
 */

import { EntradaError } from '../errors/errors.ts'
import type { Hooks } from '../hooks.ts'
import { errorLog } from '../log/error-log.ts'
import type { Log } from '../log/log.ts'
import type { EntradaOptions } from './options.ts'
import { type OptionReader, reader } from './setting-values.ts'
import { didYouMean } from './stray-settings.ts'

type Callbacks = Pick<EntradaOptions, 'log' | 'now' | 'resolveTxt'>

/** Wraps the callbacks; without a log, errors go to standard error. A callback that is wrapped already is returned unchanged. */
export function guardedCallbacks({ log, now, resolveTxt }: Callbacks): Callbacks {
  return {
    log: once(log ?? errorLog, guardedLog),
    ...(now ? { now: once(now, guardedClock) } : {}),
    ...(resolveTxt ? { resolveTxt: once(resolveTxt, guardedTxtResolver) } : {}),
  }
}

const hookNames: ReadonlySet<string> = new Set(
  Object.keys({ decideSignIn: true, onEvent: true } satisfies Record<keyof Hooks, true>),
)

/** Checks `hooks`. A misspelt hook would never be called, and refuse no sign-in. */
const readHooks: OptionReader<Hooks> = (value, report) => {
  if (typeof value !== 'object' || value === null) {
    report('must be an object')
    return undefined
  }
  for (const [name, hook] of Object.entries(value)) {
    if (!hookNames.has(name)) report(`is not a hook.${didYouMean(name, hookNames)}`, `.${name}`)
    else if (hook !== undefined && !isFunction(hook)) report('must be a function', `.${name}`)
  }
  return value
}

/** Checks that `log` has its four methods, which may be inherited, as those of most loggers are. */
const readLog: OptionReader<Log> = (value, report) => {
  const log = Object(value) as Log // any value has members
  const { debug, info, warn, error } = log
  for (const [name, method] of Object.entries({ debug, info, warn, error })) {
    if (!isFunction(method)) report('must be a function', `.${name}`)
  }
  return log
}

const readFunction = reader((value) => {
  if (isFunction(value)) return value
  throw new Error('must be a function')
})

function isFunction(value: unknown): boolean {
  return typeof value === 'function'
}

/** The readers of options that are functions, or objects with functions. */
export const callbackOptions = {
  now: { read: readFunction },
  fetch: { read: readFunction },
  resolveTxt: { read: readFunction },
  readFederatedToken: { read: readFunction },
  hooks: { read: readHooks },
  log: { read: readLog },
} as const

const guards = new WeakMap<object, unknown>()

function once<T extends object>(callback: T, guard: (callback: T) => T): T {
  if (typeof callback !== 'object' && typeof callback !== 'function') return callback // its reader reports it
  const existing = guards.get(callback)
  if (existing !== undefined) return existing as T // stored below, under the callback that it was made from
  const guarded = guard(callback)
  guards.set(callback, guarded)
  guards.set(guarded, guarded)
  return guarded
}

/** Wraps a log, so that one which throws or rejects changes no response. */
function guardedLog(log: Log): Log {
  let hasFailed = false
  const failed = (error: unknown) => {
    if (!hasFailed)
      // biome-ignore lint/suspicious/noConsole: the log itself is what failed
      console.error('entrada: the `log` option failed; further failures are silent', error)
    hasFailed = true
  }
  const guarded =
    (level: 'debug' | 'info' | 'warn' | 'error'): Log['info'] =>
    (event, fields) => {
      try {
        const returned: unknown = log[level](event, fields)
        if (returned instanceof Promise) returned.catch(failed)
      } catch (error) {
        failed(error)
      }
    }
  return {
    debug: guarded('debug'),
    info: guarded('info'),
    warn: guarded('warn'),
    error: guarded('error'),
    ...(log.writesDebug === false ? { writesDebug: false } : {}),
  }
}

/** Wraps a clock. With an invalid date, which is neither earlier nor later than others, nothing would ever expire. */
function guardedClock(now: () => Date): () => Date {
  return () => {
    const at: unknown = now()
    if (isDate(at) && !Number.isNaN(at.getTime())) return at
    throw new EntradaError('clock_invalid')
  }
}

/** Compares the tag: `instanceof` fails in test runners in which each file has its own `Date`. */
function isDate(value: unknown): value is Date {
  return Object.prototype.toString.call(value) === '[object Date]'
}

const DNS_TIME_LIMIT_MS = 5_000

/** Wraps a resolver. Text in place of a list would be searched letter by letter, and a look-up without an answer would never end. */
function guardedTxtResolver(
  resolveTxt: NonNullable<EntradaOptions['resolveTxt']>,
): NonNullable<EntradaOptions['resolveTxt']> {
  return async (name) => {
    const texts: unknown = await withinTimeLimit(async () => resolveTxt(name))
    if (Array.isArray(texts) && texts.every((text) => typeof text === 'string')) return texts
    throw new EntradaError('dns_unavailable', { reason: 'answer_invalid' })
  }
}

async function withinTimeLimit<T>(work: () => Promise<T>): Promise<T> {
  const { promise: timeLimit, reject } = Promise.withResolvers<never>()
  const late = () => reject(new EntradaError('dns_unavailable', { reason: 'timeout' }))
  const timer = setTimeout(late, DNS_TIME_LIMIT_MS)
  try {
    return await Promise.race([work(), timeLimit])
  } finally {
    clearTimeout(timer)
  }
}
