import { parseArgs } from 'node:util'
import { version } from '../http/version.ts'
import { hideCredentials } from '../log/hide-credentials.ts'
import { didYouMean } from '../settings/stray-settings.ts'
import type { CliArguments, CliContext, Command, ExitCode } from './command.ts'
import { loadCommands, loadCommandsOf } from './command-files.ts'
import { withEnvironmentFile } from './environment-file.ts'
import { printCommandHelp, printHelp, usage } from './help.ts'
import { OutputClosed } from './output.ts'
import { type Failure, failureOutside, printFailure, toFailure } from './print-failure.ts'
import { printable } from './printable.ts'

/** Runs one command line and returns the exit code. Never rejects. */
export async function runCli(outer: CliContext, argv: readonly string[]): Promise<ExitCode> {
  const context = onTerminal(outer)
  try {
    const exitCode = await runWords(context, argv)
    await context.printed?.()
    return exitCode
  } catch (error) {
    // A reader that closed the pipe has read enough: `entrada user export ID | head -1` is no failure.
    if (error instanceof OutputClosed) return 0
    return printFailure(context, failureOutside(error), { json: argv.includes('--json') })
  }
}

async function runWords(context: CliContext, argv: readonly string[]): Promise<ExitCode> {
  const words = argv[0] === 'help' ? [...argv.slice(1), '--help'] : argv
  const [first] = words
  if (first === undefined || first === '--help' || first === '-h') {
    printHelp(context, await loadCommands())
    return first === undefined ? 2 : 0
  }
  if (versionWords.includes(first)) {
    context.print(words.includes('--json') ? JSON.stringify({ version }) : `entrada ${version}`)
    return 0
  }
  return runNamed(context, words)
}

const versionWords: readonly string[] = ['--version', '-v', '-V', 'version']

/** Names come from Entra and from every client; printed text must not control the terminal. */
function onTerminal(context: CliContext): CliContext {
  return {
    ...context,
    print: (line) => context.print(printable(line)),
    printError: (line) => context.printError(printable(hideCredentials(line))),
  }
}

async function runNamed(context: CliContext, words: readonly string[]): Promise<ExitCode> {
  const [first = '', second] = words
  const commands = await loadCommandsOf(first)
  const command = commands.find(({ name }) => name === first || name === `${first} ${second}`)
  const asksForHelp = words.includes('--help') || words.includes('-h')
  const json = words.includes('--json')
  if (command === undefined) {
    const group = commands.filter(({ name }) => name.startsWith(`${first} `))
    if (!asksForHelp || group.length === 0 || !second?.startsWith('-')) {
      return printFailure(context, await unknownCommand(words, group), { json })
    }
    printCommandHelp(context, group)
    return 0
  }
  if (asksForHelp) {
    printCommandHelp(context, [command])
    return 0
  }
  const read = readArguments(command, words.slice(command.name.split(' ').length))
  if (!('code' in read)) return runGuarded(context, command, read)
  return printFailure(context, read, { json: json && 'json' in (command.options ?? {}) })
}

async function runGuarded(
  context: CliContext,
  command: Command,
  args: CliArguments,
): Promise<ExitCode> {
  try {
    return await command.run(withEnvironmentFile(context), args)
  } catch (error) {
    if (error instanceof OutputClosed) throw error
    const json = args.values.json === true
    return printFailure(context, toFailure({ command, args }, error), { json })
  }
}

function readArguments(command: Command, rest: readonly string[]): CliArguments | Failure {
  const wrong = (message: string): Failure => ({
    code: 'wrong_call',
    message,
    usage: `entrada ${usage(command)}`,
  })
  const options = Object.fromEntries(
    Object.entries(command.options ?? {}).map(([name, option]) => [
      name,
      { type: 'string' as const, ...option },
    ]),
  )
  try {
    const { positionals, values } = parseArgs({ args: [...rest], options, allowPositionals: true })
    const needed = command.positionals ?? 0
    if (positionals.length === needed) return { positionals, values: { ...values } }
    return wrong(`${command.name} takes ${countOf(needed)}, not ${positionals.length}`)
  } catch (error) {
    return wrong(argumentProblem(error, Object.keys(options)))
  }
}

function countOf(needed: number): string {
  return needed === 1 ? '1 argument' : `${needed === 0 ? 'no' : needed} arguments`
}

/** Returns Node's message; for an unknown option it returns a shorter message, with the nearest option that exists. */
function argumentProblem(error: unknown, names: readonly string[]): string {
  const message = error instanceof Error ? error.message : 'the arguments cannot be read'
  const [, unknown] = /^Unknown option '(-[^']*)'/.exec(message) ?? []
  if (unknown === undefined) return message
  const flags = new Set(names.map((name) => `--${name}`))
  return `there is no option ${unknown}.${nearest(unknown, flags)}`
}

async function unknownCommand(
  words: readonly string[],
  group: readonly Command[],
): Promise<Failure> {
  const [first = '', second = ''] = words
  const typed = second.startsWith('-') ? first : `${first} ${second}`.trim()
  if (group.length > 0) {
    const verbs = group.map(({ name }) => name.slice(first.length + 1))
    const suggestion = second === '' ? '' : nearest(second, new Set(verbs))
    return {
      code: 'wrong_call',
      message: `${first} needs one of: ${verbs.join(', ')}.${suggestion}`,
    }
  }
  const commands = await loadCommands()
  const names = new Set(commands.flatMap(({ name }) => [name, name.split(' ')[0] ?? name]))
  const suggestion = nearest(typed, names) || nearest(first, names)
  return {
    code: 'wrong_call',
    message: `there is no command ${JSON.stringify(typed)}; \`entrada help\` lists them.${suggestion}`,
  }
}

/** Suggests the nearest name. A third of the letters may differ, because commands are short words. */
function nearest(typed: string, names: ReadonlySet<string>): string {
  return didYouMean(typed, names, Math.max(1, Math.floor(typed.length / 3)))
}
