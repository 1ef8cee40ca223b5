import { parseArgs } from 'node:util'
import { describeSettings } from '../config.ts'
import { errorEntry, isEntradaError } from '../errors.ts'
import { auditCommands } from './audit.ts'
import { backupCommands } from './backup.ts'
import type { CliArguments, CliContext, Command, ExitCode } from './command.ts'
import { devCommand } from './dev.ts'
import { emulatorCommand } from './emulator.ts'
import { explainCommand } from './explain.ts'
import { migrateCommand } from './migrate.ts'
import { serveCommand } from './serve.ts'
import { sessionCommands } from './session.ts'
import { signInCommands } from './sign-in.ts'
import { userCommands } from './user.ts'

export const commands: readonly Command[] = [
  devCommand,
  serveCommand,
  emulatorCommand,
  explainCommand,
  ...userCommands,
  ...sessionCommands,
  ...signInCommands,
  ...auditCommands,
  migrateCommand,
  ...backupCommands,
]

/** Runs one command line and answers the exit code. Never rejects. */
export async function runCli(context: CliContext, argv: readonly string[]): Promise<ExitCode> {
  const [first, second] = argv
  if (first === undefined || first === 'help' || first === '--help' || first === '-h') {
    printHelp(context)
    return first === undefined ? 2 : 0
  }
  const command = commands.find(({ name }) => name === first || name === `${first} ${second}`)
  if (command === undefined) return unknownCommand(context, argv)
  const rest = argv.slice(command.name.split(' ').length)
  if (rest.includes('--help') || rest.includes('-h')) {
    printCommandHelp(context, command)
    return 0
  }
  const given = readArguments(context, command, rest)
  return given === undefined ? 2 : runGuarded(context, command, given)
}

async function runGuarded(
  context: CliContext,
  command: Command,
  given: CliArguments,
): Promise<ExitCode> {
  try {
    return await command.run(context, given)
  } catch (error) {
    printFailure(context, error)
    return 1
  }
}

function readArguments(
  context: CliContext,
  command: Command,
  rest: readonly string[],
): CliArguments | undefined {
  try {
    const options = command.options ?? {}
    const { positionals, values } = parseArgs({ args: [...rest], options, allowPositionals: true })
    const wanted = command.positionals ?? 0
    if (positionals.length === wanted) return { positionals, values: { ...values } }
    context.printError(`entrada: usage: entrada ${usage(command)}`)
  } catch (error) {
    context.printError(
      `entrada: ${error instanceof Error ? error.message : 'arguments not understood'}`,
    )
    context.printError(`entrada: usage: entrada ${usage(command)}`)
  }
  return undefined
}

/** Code and remedy; problems one to a line; a stack only for what is a defect. */
function printFailure({ printError }: CliContext, error: unknown): void {
  if (!isEntradaError(error)) {
    printError(`entrada: internal_error: ${error instanceof Error ? error.stack : String(error)}`)
    return
  }
  const { shown, fix } = errorEntry(error.code)
  printError(`entrada: ${error.code}: ${shown}`)
  const { problems, ...evidence } = error.detail
  for (const problem of Array.isArray(problems) ? problems : []) printError(`  ${problem}`)
  for (const [name, value] of Object.entries(evidence))
    printError(`  ${name}: ${JSON.stringify(value)}`)
  printError(`  ${fix}`)
}

function unknownCommand({ printError }: CliContext, argv: readonly string[]): ExitCode {
  const group = commands.filter(({ name }) => name.startsWith(`${argv[0]} `))
  if (group.length > 0) {
    printError(
      `entrada: ${argv[0]} needs one of: ${group.map(({ name }) => name.split(' ')[1]).join(', ')}`,
    )
  } else {
    printError('entrada: no such command; `entrada help` lists them')
  }
  return 2
}

function printHelp({ print }: CliContext): void {
  print('entrada: sign in with Microsoft Entra ID, in front of any application')
  print('')
  const width = Math.max(...commands.map((command) => usage(command).length))
  for (const command of commands)
    print(`  entrada ${usage(command).padEnd(width)}  ${command.summary}`)
  print('')
  print('Settings are environment variables; docs/reference/settings.md describes them:')
  for (const { env, twin } of describeSettings()) print(`  ${env}${twin ? ` (or ${twin})` : ''}`)
  print('')
  print('Exit codes: 0 done, 1 refused or failed, 2 wrong call.')
}

function printCommandHelp({ print }: CliContext, command: Command): void {
  print(`entrada ${usage(command)}`)
  print('')
  print(command.summary)
  for (const [name, { help, type, short }] of Object.entries(command.options ?? {})) {
    const flag = `--${name}${type === 'string' ? ` ${name.toUpperCase()}` : ''}${short ? `, -${short}` : ''}`
    print(`  ${flag.padEnd(24)}  ${help}`)
  }
}

function usage({ name, parameters }: Command): string {
  return parameters === undefined ? name : `${name} ${parameters}`
}
