import { pino } from 'pino'
import { redact } from './redact.ts'

export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'silent'

export type LogFields = Readonly<Record<string, unknown>>

/** A log of events: one event name in snake_case, and flat fields. */
export type Log = {
  debug(event: string, fields?: LogFields): void
  info(event: string, fields?: LogFields): void
  warn(event: string, fields?: LogFields): void
  error(event: string, fields?: LogFields): void
}

/** Creates a log that writes JSON lines to standard output: one event per line, whatever text it contains. */
export function createLog(level: LogLevel, destination?: { write(line: string): void }): Log {
  const logger = pino(
    {
      level,
      base: null,
      messageKey: 'event',
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    ...(destination ? [destination] : []),
  )
  return {
    debug: (event, fields) => logger.debug(redact(fields), event),
    info: (event, fields) => logger.info(redact(fields), event),
    warn: (event, fields) => logger.warn(redact(fields), event),
    error: (event, fields) => logger.error(redact(fields), event),
  }
}

/** A log that writes nothing, for host applications that do not want our log. */
export const silentLog: Log = { debug() {}, info() {}, warn() {}, error() {} }
