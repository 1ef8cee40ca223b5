import { EntradaError } from '../errors/errors.ts'

/** The refusal of a command itself. Commands throw it, so that one place prints every failure, as text or as JSON. */
export class CommandFailure extends Error {
  /** `wrong_call` when the command line was wrong. */
  readonly code: string
  readonly remedy: string | undefined

  constructor(code: string, message: string, remedy?: string) {
    super(message)
    this.name = 'CommandFailure'
    this.code = code
    this.remedy = remedy
  }
}

/**
 * Creates the refusal of an argument or option, which is printed as a wrong call with its help. `parameter` is its name on the command
 * line or in the API.
 */
export function notValid(parameter: string, problem?: string): EntradaError {
  return new EntradaError('request_invalid', {
    parameter,
    ...(problem === undefined ? {} : { problems: [problem] }),
  })
}

/** Creates the failure for arguments that only the command itself can find wrong. */
export function wrongCall(message: string): CommandFailure {
  return new CommandFailure('wrong_call', message)
}
