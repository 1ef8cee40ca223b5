import { pino } from 'pino'
import type { Log } from '../services.ts'
import { redact } from './redact.ts'

export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'silent'

/** JSON lines on standard output. One event a line, whatever text is in it. */
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

/** For libraries whose host does not want our log. */
export const silentLog: Log = { debug() {}, info() {}, warn() {}, error() {} }
