/**
 * Functions that the embedding application passes in as options. Each is wrapped once, so that an answer of another shape than the
 * declared one is refused by name wherever it is used, and never taken for a "yes".
 */

import { EntradaError } from '../errors/errors.ts'
import { errorLog } from '../log/error-log.ts'
import type { Hooks, Log } from '../services.ts'
import type { OptionProblem } from './check-option-values.ts'
import type { EntradaOptions } from './options.ts'
import { didYouMean } from './stray-settings.ts'

type Callbacks = Pick<EntradaOptions, 'log' | 'now' | 'resolveTxt'>

/** The same callbacks, guarded; without a log, errors go to standard error. Callbacks that were guarded before come back unchanged. */
export function guardedCallbacks({ log, now, resolveTxt }: Callbacks): Callbacks {
  return {
    log: once(log ?? errorLog, guardedLog),
    ...(now ? { now: once(now, guardedClock) } : {}),
    ...(resolveTxt ? { resolveTxt: once(resolveTxt, guardedTxtResolver) } : {}),
  }
}

/** Callbacks that are no functions, and hooks that Entrada does not call: a misspelt one would refuse no sign-in. */
export function callbackProblems(options: EntradaOptions): readonly OptionProblem[] {
  const { now, fetch, resolveTxt, readFederatedToken, hooks, log } = options
  const named = {
    now,
    fetch,
    resolveTxt,
    readFederatedToken,
    ...under('hooks', hooks),
    ...(log === undefined ? {} : under('log', methodsOf(log))),
  }
  return Object.entries(named)
    .filter(([, value]) => value !== undefined)
    .filter(([name, value]) => typeof value !== 'function' || !isCalled(name))
    .map(([name]) => [name, isCalled(name) ? 'must be a function' : `is not a hook.${meant(name)}`])
}

const hookNames: ReadonlySet<string> = new Set(
  Object.keys({ decideSignIn: true, onEvent: true } satisfies Record<keyof Hooks, true>),
)

function isCalled(name: string): boolean {
  const [outer, hook] = name.split('.')
  return outer !== 'hooks' || hook === undefined || hookNames.has(hook)
}

function meant(name: string): string {
  return didYouMean(name.replace('hooks.', ''), hookNames)
}

/** Methods may be inherited, as those of most loggers are. A missing one is `null`, which is a problem; `undefined` would be none. */
function methodsOf(log: Log): Readonly<Record<keyof Log, unknown>> {
  const { debug = null, info = null, warn = null, error = null } = Object(log) as Partial<Log> // any value has members
  return { debug, info, warn, error }
}

function under(outer: string, members: object | undefined): Readonly<Record<string, unknown>> {
  if (members === undefined) return {}
  if (typeof members !== 'object' || members === null) return { [outer]: null }
  return Object.fromEntries(
    Object.entries(members).map(([name, value]) => [`${outer}.${name}`, value]),
  )
}

const guards = new WeakMap<object, unknown>()

function once<T extends object>(callback: T, guard: (callback: T) => T): T {
  if (typeof callback !== 'object' && typeof callback !== 'function') return callback // `callbackProblems` names it
  const known = guards.get(callback)
  if (known !== undefined) return known as T // stored below, under the callback that it was made from
  const guarded = guard(callback)
  guards.set(callback, guarded)
  guards.set(guarded, guarded)
  return guarded
}

/** A log that throws or rejects must not turn a sign-in, or a refusal, into something else. */
function guardedLog(log: Log): Log {
  let hasFailed = false
  const failed = (error: unknown) => {
    if (!hasFailed)
      // biome-ignore lint/suspicious/noConsole: the log itself is what failed
      console.error('entrada: the `log` option failed; further failures are silent', error)
    hasFailed = true
  }
  const guarded =
    (level: keyof Log): Log[typeof level] =>
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
  }
}

/** An invalid date compares as neither earlier nor later, so that nothing would ever expire. */
function guardedClock(now: () => Date): () => Date {
  return () => {
    const at: unknown = now()
    if (isDate(at) && !Number.isNaN(at.getTime())) return at
    throw new EntradaError('clock_invalid')
  }
}

/** By its tag and not by `instanceof`: test runners give each file a `Date` of its own. */
function isDate(value: unknown): value is Date {
  return Object.prototype.toString.call(value) === '[object Date]'
}

const DNS_TIME_LIMIT_MS = 5_000

/** Text in place of a list would be searched letter by letter, and no answer would be waited for without end. */
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
