import type { Log } from './log.ts'
import { redact } from './redact.ts'

/**
 * The log of the library when the host application passes none: errors go to standard error, as JSON lines like those of the
 * server. Otherwise an instance that cannot open its database would refuse every request without a trace.
 */
export const errorLog: Log = {
  debug() {},
  info() {},
  warn() {},
  error(event, fields) {
    // The time is the machine's, as in the log of the server: a line describes the process, not what its injected clock decides.
    const line = { level: 'error', time: new Date().toISOString(), ...redact(fields), event }
    // biome-ignore lint/suspicious/noConsole: standard error, wherever the library runs
    console.error(
      JSON.stringify(line, (_, value) => (typeof value === 'bigint' ? String(value) : value)),
    )
  },
}
