import { EntradaApiError } from '../client/client.ts'
import { EntradaError, type ErrorCode, errorEntry, errorTable, isEntradaError } from '../errors.ts'
import type { CliArguments, CliContext, Command, ExitCode } from './command.ts'
import { usage } from './help.ts'

type Call = { readonly command: Command; readonly given: CliArguments }

/** Says what went wrong, and answers the exit code. */
export function printFailure(context: CliContext, call: Call, error: unknown): ExitCode {
  if (error instanceof EntradaApiError) return printFailure(context, call, refusalOf(error))
  if (!isEntradaError(error)) return printDefect(context, error)
  const wrong = error.code === 'request_invalid' ? wrongPart(call, error) : undefined
  if (wrong !== undefined) return printWrongCall(context, call, { ...wrong, error })
  // Of a server that failed there is only its code; of one in this process there is the error itself.
  if (error.code === 'internal_error' && error.cause !== undefined) {
    return printDefect(context, error.cause)
  }
  printRefusal(context, error)
  return 1
}

/** What the client was told, in our own table. */
function refusalOf({ code, message, errors, cause }: EntradaApiError): EntradaError {
  const problems = errors.map(({ parameter, problem }) => `${parameter} ${problem}`)
  if (!Object.hasOwn(errorTable, code)) {
    return new EntradaError('server_answer_invalid', { problems: [message] }, { cause })
  }
  return new EntradaError(code as ErrorCode, problems.length > 0 ? { problems } : {}, { cause }) // a key of the table
}

/** A stack only for what is a defect. */
function printDefect({ printError }: CliContext, error: unknown): ExitCode {
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error)
  for (const [index, line] of text.split('\n').entries()) {
    printError(index === 0 ? `entrada: internal_error: ${line}` : line)
  }
  return 1
}

/** Code and remedy; problems one to a line; what the system said. */
function printRefusal({ printError }: CliContext, { code, detail, cause }: EntradaError): void {
  const { shown, fix } = errorEntry(code)
  printError(`entrada: ${code}: ${shown}`)
  const { problems, ...evidence } = detail
  for (const problem of listOf(problems)) printError(`  ${problem}`)
  for (const [name, value] of Object.entries(evidence))
    printError(`  ${name}: ${JSON.stringify(value)}`)
  if (cause instanceof Error) printError(`  cause: ${causeText(cause)}`)
  printError(`  ${fix}`)
}

function causeText(cause: Error): string {
  const code = 'code' in cause && typeof cause.code === 'string' ? cause.code : undefined
  const [line = ''] = cause.message.split('\n')
  return code === undefined || line.includes(code) ? line : `${code}: ${line}`
}

type WrongPart = { readonly typed: string; readonly name: string; readonly help: string }

/** The part of the command line behind a parameter that was refused, here or by the API. */
function wrongPart({ command, given }: Call, { detail }: EntradaError): WrongPart | undefined {
  const { parameter } = detail
  if (typeof parameter !== 'string') return undefined
  if (command.parameters?.toLowerCase() === parameter.toLowerCase()) {
    const [value = ''] = given.positionals
    return { typed: quoted(value), name: command.parameters, help: command.summary }
  }
  for (const [name, { sentAs = name, help, mayBeSecret }] of Object.entries(
    command.options ?? {},
  )) {
    if (sentAs !== parameter && !parameter.startsWith(`${sentAs}.`)) continue
    const typed = mayBeSecret ? '' : ` ${quoted(String(given.values[name]))}`
    return { typed: `--${name}${typed}`, name: `--${name}`, help }
  }
  return undefined
}

function printWrongCall(
  { printError }: CliContext,
  { command }: Call,
  { typed, name, help, error }: WrongPart & { readonly error: EntradaError },
): ExitCode {
  printError(`entrada: ${typed} is not valid`)
  for (const problem of listOf(error.detail.problems)) printError(`  ${problem}`)
  printError(`  ${name}: ${help}`)
  printError(`entrada: usage: entrada ${usage(command)}`)
  return 2
}

function quoted(text: string): string {
  return /^[\w.,:@/+-]+$/.test(text) ? text : JSON.stringify(text)
}

function listOf(problems: unknown): readonly unknown[] {
  return Array.isArray(problems) ? problems : []
}
