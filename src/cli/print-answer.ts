import type { CliArguments, CliContext, ExitCode } from './command.ts'

/** What a command answers: the value that `--json` prints, and the lines for a person. */
export type Answer = { readonly json: unknown; readonly lines: readonly string[] }

/** Prints what a command answers: one line of JSON with `--json`, else lines for a person. */
export function printAnswer(
  { print }: CliContext,
  { values }: CliArguments,
  { json, lines }: Answer,
): ExitCode {
  for (const line of values.json ? [JSON.stringify(json)] : lines) print(line)
  return 0
}
