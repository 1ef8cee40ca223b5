import type { ParseArgsOptionDescriptor } from 'node:util'
import type { OperationId } from '../client/operation-types.ts'
import type { Environment } from '../settings/config.ts'
import { notValid } from './command-failure.ts'

/** Everything that a command may use besides its arguments. Tests pass their own. */
export type CliContext = {
  readonly environment: Environment
  /** What Node itself was started with. Absent where the process belongs to another program, whose memory is not ours to limit. */
  readonly nodeFlags?: readonly string[]
  readonly print: (line: string) => void
  readonly printError: (line: string) => void
  /** Replaces the progress line, or clears it. Absent if standard error is not a terminal. */
  readonly progressLine?: (line: string | undefined) => void
  /** Resolves when all printed lines have been written. @throws {OutputClosed}, {EntradaError} `output_not_written` */
  readonly printed?: () => Promise<void>
  readonly readTextFile: (path: string) => string
  readonly now: () => Date
  /** Resolves when the process is asked to stop. */
  readonly stopRequested: () => Promise<StopRequest>
  /** Calls `work` as the last thing that the process does. Absent where the process belongs to another program. */
  readonly onExit?: (work: () => void) => void
  /** Calls `reread` each time the process is asked to read its files again (SIGHUP). */
  readonly onRereadRequested: (reread: () => void) => void
}

export type StopRequest = {
  /** SIGTERM comes from a service manager, SIGINT (Ctrl-C) from a person who waits for the process to end. */
  readonly signal: 'SIGTERM' | 'SIGINT'
  /** Resolves at the next signal, which asks the process to end at once. */
  readonly repeated: Promise<void>
}

/** The arguments and options of one call of a command. */
export type CliArguments = {
  readonly positionals: readonly string[]
  readonly values: Readonly<Record<string, unknown>>
}

export type Command = {
  /** One or two words, such as `user list`. */
  readonly name: string
  /** What follows the name, such as `ID`. */
  readonly parameters?: string
  readonly summary: string
  readonly options?: Readonly<Record<string, CommandOption>>
  /** How many positional arguments are needed, exactly. */
  readonly positionals?: number
  /** The operation of the API that the command calls, where it calls one. */
  readonly operation?: OperationId
  /** The members of the request that the command can send. */
  readonly members?: readonly string[]
  readonly run: (context: CliContext, args: CliArguments) => Promise<ExitCode>
}

export type CommandOption = Pick<ParseArgsOptionDescriptor, 'short' | 'multiple' | 'default'> & {
  /** An option takes a value, unless it is `boolean`. */
  readonly type?: 'boolean'
  readonly help: string
  /** The name of the option in the API, if it differs; `a.b` is the member `b` of the object `a`. */
  readonly sentAs?: string
  /** Returns what is sent for the text that was typed. */
  readonly read?: (text: string, context: CliContext) => unknown
  /** What is sent for an option without a value. */
  readonly flag?: string
  /** An empty value counts as absent: scripts pass empty variables. */
  readonly mayBeEmpty?: true
  /** The value may be a secret that was typed by mistake, so no message repeats it. */
  readonly mayBeSecret?: true
}

/** 0: done. 1: refused or failed, with a code on standard error. 2: the call itself was wrong. */
export type ExitCode = 0 | 1 | 2

export const jsonOption = { json: { type: 'boolean', help: 'Print JSON.' } } as const
export const devOption = {
  dev: { type: 'boolean', help: 'Use the development database, as `entrada dev` does.' },
} as const
/** The options of every command that calls the API. */
export const apiOptions = { ...jsonOption, ...devOption } as const

/** The options of a list that is read page by page. */
export const pageOptions = {
  limit: { help: 'Records on a page, 1 to 200; default 50.' },
  cursor: { help: 'Continue after the page that printed this cursor.' },
} as const
export const ofOrganizationOption = {
  organization: { help: 'Only this organization, by id or slug.' },
} as const
export const ofUserOption = {
  user: { help: 'Only this user id.' },
} as const

/** The options of a command that creates an organization or a connection. */
export const newIdOptions = {
  id: { mayBeEmpty: true, help: 'Id from another system; it can never change.' },
  slug: {
    mayBeEmpty: true,
    help: 'Short name in addresses; default: made from the name. It can never change.',
  },
} as const

/** Returns the text of an option, or `undefined` where the option is absent. */
export function textOption({ values }: CliArguments, name: string): string | undefined {
  const value = values[name]
  return typeof value === 'string' ? value : undefined
}

/**
 * Returns the whole number of an option, or `undefined` where the option is absent.
 *
 * @throws {EntradaError} `request_invalid`, with `problem` where there is one
 */
export function numberOption(
  args: CliArguments,
  name: string,
  { from, to, problem }: { readonly from: number; readonly to: number; readonly problem?: string },
): number | undefined {
  const text = textOption(args, name)
  if (text === undefined) return undefined
  const number = Number(text)
  if (/^-?\d{1,8}$/.test(text) && number >= from && number <= to) return number
  throw notValid(name, problem)
}
