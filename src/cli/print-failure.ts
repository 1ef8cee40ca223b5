/** The output of a command that failed, on standard error: lines for a person, or with `--json` one JSON object. */
import { type EntradaError, errorEntry, isEntradaError } from '../errors/errors.ts'
import type { CliArguments, CliContext, Command, ExitCode } from './command.ts'
import { CommandFailure } from './command-failure.ts'
import { usage } from './help.ts'

export type Failure = {
  /** A code of the error table, or `wrong_call` if the command line itself was wrong. */
  readonly code: string
  readonly message: string
  readonly problems?: readonly unknown[]
  readonly detail?: Readonly<Record<string, unknown>>
  readonly cause?: string
  /** What the operator can do about it. */
  readonly remedy?: string
  readonly usage?: string
}

/** Prints a failure and returns the exit code: 2 for a wrong call, else 1. */
export function printFailure(
  { printError }: Pick<CliContext, 'printError'>,
  failure: Failure,
  { json }: { readonly json: boolean },
): ExitCode {
  if (json) printError(JSON.stringify({ error: failure }))
  else for (const line of linesOf(failure)) printError(line)
  return failure.code === 'wrong_call' ? 2 : 1
}

function linesOf({ code, message, problems, detail, cause, remedy, usage }: Failure): string[] {
  const [first = '', ...rest] = message.split('\n')
  return [
    code === 'wrong_call' ? `entrada: ${first}` : `entrada: ${code}: ${first}`,
    ...rest,
    ...(problems ?? []).map((problem) => `  ${problem}`),
    ...Object.entries(detail ?? {}).map(([name, value]) => `  ${name}: ${JSON.stringify(value)}`),
    ...(cause === undefined ? [] : [`  cause: ${cause}`]),
    ...(remedy === undefined ? [] : [`  ${remedy}`]),
    ...(usage === undefined ? [] : [`entrada: usage: ${usage}`]),
  ]
}

type Call = { readonly command: Command; readonly args: CliArguments }

/** Returns the failure for an error that was thrown outside of any command. */
export function failureOutside(error: unknown): Failure {
  return isEntradaError(error) ? refusal(error) : defect(error)
}

/** Returns the failure for an error that a command threw. */
export function toFailure(call: Call, error: unknown): Failure {
  if (error instanceof CommandFailure) return ofCommand(call, error)
  if (!isEntradaError(error)) return defect(error)
  const wrong = error.code === 'request_invalid' ? wrongPart(call, error) : undefined
  if (wrong !== undefined) return wrongArgument(call, { ...wrong, error })
  // A server elsewhere reports only the code; a server in this process passes on the error itself.
  if (error.code === 'internal_error' && error.cause !== undefined) return defect(error.cause)
  return refusal(error)
}

function ofCommand({ command }: Call, { code, message, remedy }: CommandFailure): Failure {
  return {
    code,
    message,
    ...(remedy === undefined ? {} : { remedy }),
    ...(code === 'wrong_call' ? { usage: `entrada ${usage(command)}` } : {}),
  }
}

/** Only a defect is printed with its stack. */
function defect(error: unknown): Failure {
  const message = error instanceof Error ? (error.stack ?? error.message) : String(error)
  return { code: 'internal_error', message }
}

function refusal({ code, detail, cause }: EntradaError): Failure {
  const { shown, fix } = errorEntry(code)
  const { problems, ...evidence } = detail
  return {
    code,
    message: shown,
    ...(Array.isArray(problems) ? { problems } : {}),
    ...(Object.keys(evidence).length > 0 ? { detail: evidence } : {}),
    ...(cause instanceof Error ? { cause: causeText(cause) } : {}),
    remedy: fix,
  }
}

function causeText(cause: Error): string {
  const code = 'code' in cause && typeof cause.code === 'string' ? cause.code : undefined
  const [line = ''] = cause.message.split('\n')
  return code === undefined || line.includes(code) ? line : `${code}: ${line}`
}

type WrongPart = { readonly message: string; readonly name: string; readonly help: string }

/** Returns the part of the command line behind a parameter that was refused, here or by the API. */
function wrongPart({ command, args }: Call, { detail }: EntradaError): WrongPart | undefined {
  const { parameter } = detail
  if (typeof parameter !== 'string') return undefined
  if (command.parameters?.toLowerCase() === parameter.toLowerCase()) {
    const [value = ''] = args.positionals
    return {
      message: `${quoted(value)} is not valid`,
      name: command.parameters,
      help: command.summary,
    }
  }
  for (const [name, option] of Object.entries(command.options ?? {})) {
    const { sentAs = name, help, mayBeSecret } = option
    if (sentAs !== parameter && !parameter.startsWith(`${sentAs}.`)) continue
    const value = args.values[name]
    const typed = mayBeSecret ? '' : ` ${quoted(String(value))}`
    const problem = value === undefined ? ' is missing' : `${typed} is not valid`
    return { message: `--${name}${problem}`, name: `--${name}`, help }
  }
  return undefined
}

function wrongArgument(
  { command }: Call,
  { message, name, help, error }: WrongPart & { readonly error: EntradaError },
): Failure {
  const { problems } = error.detail
  return {
    code: 'wrong_call',
    message,
    ...(Array.isArray(problems) ? { problems } : {}),
    remedy: `${name}: ${help}`,
    usage: `entrada ${usage(command)}`,
  }
}

function quoted(text: string): string {
  return /^[\w.,:@/+-]+$/.test(text) ? text : JSON.stringify(text)
}
