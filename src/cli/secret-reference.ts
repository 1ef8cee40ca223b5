import type { EntradaError } from '../errors/errors.ts'
import { cannotBeRead } from '../errors/file-failure.ts'
import type { CliContext } from './command.ts'
import { notValid } from './command-failure.ts'

/**
 * Returns the text that a reference (`env:NAME` or `file:PATH`) names, without white space around it. No error contains that text.
 *
 * @throws {EntradaError} `request_invalid`, also for a secret in place of a reference
 */
export function readReference(
  { environment, readTextFile }: CliContext,
  reference: string,
): string {
  const [, kind, name = ''] = /^(env|file):(.+)$/s.exec(reference) ?? []
  if (kind === undefined) throw invalid('is env:NAME or file:PATH, never the secret itself')
  const text = kind === 'env' ? environment[name] : readFile(readTextFile, name)
  if (text === undefined) throw invalid(`names ${name}, which is not set`)
  if (text.trim() === '') throw invalid(`names ${name}, which is empty`)
  return text.trim()
}

function readFile(read: CliContext['readTextFile'], path: string): string {
  try {
    return read(path)
  } catch (error) {
    throw invalid(`names ${path}, which ${cannotBeRead(error)}`)
  }
}

function invalid(problem: string): EntradaError {
  return notValid('value', `the reference ${problem}`)
}
