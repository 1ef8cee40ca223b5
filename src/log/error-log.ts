import type { Log } from '../services.ts'
import { redact } from './redact.ts'

/**
 * The log of a library whose host names none: errors go to standard error, as lines of JSON like those of the server. An
 * instance that cannot open its database would otherwise refuse every request without a trace.
 */
export const errorLog: Log = {
  debug() {},
  info() {},
  warn() {},
  error(event, fields) {
    // The machine's time, as in the log of the server: a line is about the process, not about what its clock decides.
    const line = { level: 'error', time: new Date().toISOString(), ...redact(fields), event }
    // biome-ignore lint/suspicious/noConsole: standard error, wherever the library runs
    console.error(
      JSON.stringify(line, (_, value) => (typeof value === 'bigint' ? String(value) : value)),
    )
  },
}
