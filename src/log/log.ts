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
  /** `false` if `debug` writes nothing, so that its fields need not be made. */
  readonly writesDebug?: boolean
}

export type LogDestination = { write(line: string): void }

/** Creates a log that writes JSON lines, to standard output by default: one event per line, whatever text it contains. */
export function createLog(
  level: LogLevel,
  destination: LogDestination = pino.destination({ dest: 1, sync: true }),
): Log {
  const logger = pino(
    {
      level,
      base: null,
      messageKey: 'event',
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    destination,
  )
  const at = (name: Exclude<LogLevel, 'silent'>): Log['info'] =>
    logger.isLevelEnabled(name) ? (event, fields) => logger[name](redact(fields), event) : () => {}
  return {
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    writesDebug: logger.isLevelEnabled('debug'),
  }
}

/**
 * Creates a destination that writes the lines of one turn of the event loop to standard output together, because each write is a call of
 * the system. `onExit` registers the last write of a process that ends; only one that is killed within the turn loses lines.
 */
export function standardOutputByTurns(onExit: (flush: () => void) => void): LogDestination {
  const output = pino.destination({ dest: 1, sync: true })
  let lines = ''
  const flush = () => {
    const text = lines
    lines = ''
    if (text !== '') output.write(text)
  }
  onExit(flush)
  return {
    write(line) {
      if (lines === '') setImmediate(flush)
      lines += line
    },
  }
}

/** A log that writes nothing, for host applications that do not want our log. */
export const silentLog: Log = { debug() {}, info() {}, warn() {}, error() {}, writesDebug: false }
