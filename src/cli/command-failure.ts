/** What a command refuses by itself. It is thrown, so that every failure is printed in one place, as text or as JSON. */
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

/** For arguments that are wrong in a way that only the command itself knows. */
export function wrongCall(message: string): CommandFailure {
  return new CommandFailure('wrong_call', message)
}
