import { EntradaError } from '../errors/errors.ts'

/** What is needed of a standard stream. */
export type OutputStream = {
  write(text: string): unknown
  on(event: 'error', listener: (error: Error) => void): unknown
}

/** The reader of standard output has gone, such as `head` after its last line: nothing more is wanted. */
export class OutputClosed extends Error {}

/** Standard output as commands print to it. */
export type Output = {
  /**
   * Prints a line.
   *
   * @throws {OutputClosed} when a line before it found no reader any more, so that a long export ends
   * @throws {EntradaError} `output_not_written` when a line before it could not be written, such as to a full disk
   */
  print(line: string): void
  /** Resolves when everything was written, or nothing more can be. @throws like `print` */
  finish(): Promise<void>
}

/** Creates the output. The stream reports failures later than the write that failed. */
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

/** Prints errors; a standard error that is closed is no reason to stop. */
export function createErrorOutput(stream: OutputStream): (line: string) => void {
  stream.on('error', () => {})
  return (line) => void stream.write(`${line}\n`)
}
