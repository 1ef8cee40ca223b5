import { EntradaError } from '../errors/errors.ts'

/** The part of a standard stream that is used here. */
export type OutputStream = {
  write(text: string): unknown
  on(event: 'error', listener: (error: Error) => void): unknown
}

/** Thrown after the reader of standard output has closed it, such as `head` after its last line. */
export class OutputClosed extends Error {}

/** The standard output of commands. */
export type Output = {
  /**
   * Prints a line.
   *
   * @throws {OutputClosed} if the reader has closed the output, so that a long export ends
   * @throws {EntradaError} `output_not_written` if an earlier line could not be written, such as to a full disk
   */
  print(line: string): void
  /** Resolves when everything was written, or when nothing more can be written. @throws like `print` */
  finish(): Promise<void>
}

/** Creates the output on a stream, which reports a failed write only later. */
export function createOutput(stream: OutputStream): Output {
  let failure: Error | undefined
  stream.on('error', (error) => {
    failure ??= error
  })
  const check = () => {
    if (failure === undefined) return
    if ('code' in failure && failure.code === 'EPIPE') throw new OutputClosed()
    throw new EntradaError('output_not_written', {}, { cause: failure })
  }
  return {
    print(line) {
      check()
      stream.write(`${line}\n`)
    },
    async finish() {
      await new Promise((resolve) => setImmediate(resolve))
      check()
    },
  }
}

/** Returns a function that prints errors. It ignores that standard error has been closed. */
export function createErrorOutput(stream: OutputStream): (line: string) => void {
  stream.on('error', () => {})
  return (line) => void stream.write(`${line}\n`)
}
