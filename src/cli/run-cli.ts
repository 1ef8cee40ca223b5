import { parseArgs } from 'node:util'
import { hideCredentials } from '../hide-credentials.ts'
import { version } from '../version.ts'
import { apiKeyCommands } from './api-key.ts'
import { applyCommands } from './apply.ts'
import { auditCommands } from './audit.ts'
import { auditChainCommands } from './audit-chain.ts'
import { backupCommand } from './backup.ts'
import { certificateCommands } from './certificate.ts'
import type { CliArguments, CliContext, Command, ExitCode } from './command.ts'
import { connectionCommands } from './connection.ts'
import { credentialCommands } from './credential.ts'
import { customerCommands } from './customer.ts'
import { dataExportCommands } from './data-export.ts'
import { devCommand } from './dev.ts'
import { doctorCommand } from './doctor.ts'
import { domainCommands } from './domain.ts'
import { emulatorCommand } from './emulator.ts'
import { enforcementCommands } from './enforcement.ts'
import { withEnvironmentFile } from './environment-file.ts'
import { explainCommand } from './explain.ts'
import { printCommandHelp, printHelp, usage } from './help.ts'
import { keyCommands } from './key.ts'
import { membershipCommands } from './membership.ts'
import { migrateCommand } from './migrate.ts'
import { organizationCommands } from './organization.ts'
import { printFailure } from './print-failure.ts'
import { printable } from './printable.ts'
import { restoreCommands } from './restore.ts'
import { serveCommand } from './serve.ts'
import { sessionCommands } from './session.ts'
import { signInCommands } from './sign-in.ts'
import { userCommands } from './user.ts'
import { userImportCommand } from './user-import.ts'
import { webhookCommands } from './webhook.ts'

export const commands: readonly Command[] = [
  devCommand,
  serveCommand,
  doctorCommand,
  emulatorCommand,
  explainCommand,
  ...certificateCommands,
  ...organizationCommands,
  ...customerCommands,
  ...connectionCommands,
  ...credentialCommands,
  ...membershipCommands,
  ...enforcementCommands,
  ...userCommands,
  userImportCommand,
  ...sessionCommands,
  ...domainCommands,
  ...webhookCommands,
  ...dataExportCommands,
  ...signInCommands,
  ...auditCommands,
  ...auditChainCommands,
  ...applyCommands,
  ...apiKeyCommands,
  migrateCommand,
  ...keyCommands,
  backupCommand,
  ...restoreCommands,
]

/** Runs one command line and answers the exit code. Never rejects. */
export async function runCli(given: CliContext, argv: readonly string[]): Promise<ExitCode> {
  const context = onTerminal(given)
  const words = argv[0] === 'help' ? [...argv.slice(1), '--help'] : argv
  const [first] = words
  if (first === undefined || first === '--help' || first === '-h') {
    printHelp(context, commands)
    return first === undefined ? 2 : 0
  }
  if (first === '--version') {
    context.print(`entrada ${version}`)
    return 0
  }
  return runNamed(context, words)
}

/**
 * Names come from Entra and from callers; nothing that is printed may command the terminal. Error messages may repeat an address with
 * a password in it; data that was asked for stays as it is.
 */
function onTerminal(context: CliContext): CliContext {
  return {
    ...context,
    print: (line) => context.print(printable(line)),
    printError: (line) => context.printError(printable(hideCredentials(line))),
  }
}

async function runNamed(context: CliContext, words: readonly string[]): Promise<ExitCode> {
  const [first, second] = words
  const command = commands.find(({ name }) => name === first || name === `${first} ${second}`)
  const asksForHelp = words.includes('--help') || words.includes('-h')
  if (command === undefined) {
    const group = commands.filter(({ name }) => name.startsWith(`${first} `))
    if (!asksForHelp || group.length === 0 || !second?.startsWith('-')) {
      return unknownCommand(context, words, group)
    }
    printCommandHelp(context, group)
    return 0
  }
  if (asksForHelp) {
    printCommandHelp(context, [command])
    return 0
  }
  const given = readArguments(context, command, words.slice(command.name.split(' ').length))
  return given === undefined ? 2 : runGuarded(context, command, given)
}

async function runGuarded(
  context: CliContext,
  command: Command,
  given: CliArguments,
): Promise<ExitCode> {
  try {
    return await command.run(withEnvironmentFile(context), given)
  } catch (error) {
    return printFailure(context, { command, given }, error)
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

function unknownCommand(
  { printError }: CliContext,
  [first]: readonly string[],
  group: readonly Command[],
): ExitCode {
  if (group.length > 0) {
    printError(
      `entrada: ${first} needs one of: ${group.map(({ name }) => name.split(' ')[1]).join(', ')}`,
    )
  } else {
    printError('entrada: no such command; `entrada help` lists them')
  }
  return 2
}
