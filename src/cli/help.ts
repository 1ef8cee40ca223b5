import { describeSettings } from '../settings/config.ts'
import type { CliContext, Command } from './command.ts'

/** Prints every command and every setting. */
export function printHelp(
  { print }: Pick<CliContext, 'print'>,
  commands: readonly Command[],
  settings = describeSettings(),
): void {
  print('entrada: sign in with Microsoft Entra ID, in front of any application')
  print('')
  const width = Math.max(...commands.map((command) => usage(command).length))
  for (const command of commands)
    print(`  entrada ${usage(command).padEnd(width)}  ${command.summary}`)
  print('')
  print('`entrada help COMMAND` lists the options of one, or of a group such as `user`.')
  print('')
  print('Settings are environment variables; docs/reference/settings.md describes them:')
  for (const { env, twin } of settings) print(`  ${env}${twin ? ` (or ${twin})` : ''}`)
  print('')
  print('Exit codes: 0 done, 1 refused or failed, 2 wrong call.')
}

/** Prints the help of one command, or of each command of a group. */
export function printCommandHelp(context: CliContext, commands: readonly Command[]): void {
  for (const [index, command] of commands.entries()) {
    if (index > 0) context.print('')
    printOne(context, command)
  }
}

function printOne({ print }: CliContext, command: Command): void {
  print(`entrada ${usage(command)}`)
  print('')
  print(command.summary)
  for (const [name, { help, type, short }] of Object.entries(command.options ?? {})) {
    const flag = `--${name}${type === 'boolean' ? '' : ` ${name.toUpperCase()}`}${short ? `, -${short}` : ''}`
    print(`  ${flag.padEnd(24)}  ${help}`)
  }
}

/** Returns the name of a command with its parameters, as it is typed after `entrada`. */
export function usage({ name, parameters }: Command): string {
  return parameters === undefined ? name : `${name} ${parameters}`
}
