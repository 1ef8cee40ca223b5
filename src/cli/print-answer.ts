import type { CliArguments, CliContext, ExitCode } from './command.ts'

/** The result of a command: the value that `--json` prints, and the lines for a person. */
export type Answer = { readonly json: unknown; readonly lines: readonly string[] }

/** Prints the result of a command: one line of JSON with `--json`, else the lines for a person. */
export function printAnswer(
  { print }: CliContext,
  { values }: CliArguments,
  { json, lines }: Answer,
): ExitCode {
  for (const line of values.json ? [JSON.stringify(json)] : lines) print(line)
  return 0
}
