/**
 * Transcripts of the command line: files of commands and their output. Standard error is marked with `! `, an exit code other
 * than 0 is on its own line. `UPDATE_TRANSCRIPTS=1` writes the present output; read the difference before keeping it.
 */
import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { runCli } from '../../src/cli/run-cli.ts'
import type { Environment } from '../../src/settings/config.ts'

export type Answered = {
  readonly exitCode: number
  readonly printed: readonly string[]
  readonly printedErrors: readonly string[]
  /** Both streams, in the order of printing. */
  readonly lines: readonly string[]
}

/** Runs one command line in this process. A server that it starts is stopped as soon as it runs, unless `stop` decides when. */
export async function run(
  argv: readonly string[],
  environment: Environment,
  stop: () => Promise<void> = async () => {},
): Promise<Answered> {
  const lines: { readonly text: string; readonly isError: boolean }[] = []
  const exitCode = await runCli(
    {
      environment,
      print: (text) => void lines.push({ text, isError: false }),
      printError: (text) => void lines.push({ text, isError: true }),
      readTextFile: (path) => readFileSync(path, 'utf8'),
      now: () => new Date(),
      stopRequested: async () => {
        await stop()
        return { signal: 'SIGTERM', repeated: new Promise(() => {}) }
      },
      onRereadRequested: () => {},
    },
    argv,
  )
  const textsOf = (isError: boolean) =>
    lines.filter((line) => line.isError === isError).map(({ text }) => text)
  return {
    exitCode,
    printed: textsOf(false),
    printedErrors: textsOf(true),
    lines: lines.map(({ text, isError }) => (isError ? `! ${text}` : text)),
  }
}

/** Replays a transcript and compares every line of it. `FOLDER` in it is replaced with a folder of the test. */
export async function assertTranscript(
  name: string,
  environment: Environment,
  folder?: string,
): Promise<void> {
  const path = `test/transcripts/${name}.txt`
  const expected = readFileSync(path, 'utf8')
  const names = createNames(folder)
  const answered: string[] = []
  for (const command of expected.split('\n').filter((line) => line.startsWith('$ entrada'))) {
    const argv = wordsOf(names.toReal(command)).slice(2)
    const { lines, exitCode } = await run(argv, environment)
    const exit = exitCode === 0 ? [] : [`exit ${exitCode}`]
    answered.push([command, ...lines.map(names.toStable), ...exit].join('\n'))
  }
  const actual = `${answered.join('\n\n')}\n`
  if (process.env.UPDATE_TRANSCRIPTS === '1') writeFileSync(path, actual)
  else assert.equal(actual, expected)
}

function wordsOf(command: string): string[] {
  return [...command.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? '')
}

/** Ids, cursors and times differ each time. Ids and cursors are numbered as they appear, and may be used in later commands. */
function createNames(folder: string | undefined) {
  const stableNames = new Map<string, string>(folder ? [[folder, 'FOLDER']] : [])
  const counts = new Map<string, number>()

  function stableName(real: string, kind: string): string {
    const known = stableNames.get(real)
    if (known !== undefined) return known
    const count = (counts.get(kind) ?? 0) + 1
    counts.set(kind, count)
    stableNames.set(real, `${kind}_${count}`)
    return `${kind}_${count}`
  }

  return {
    toStable: (line: string) =>
      (folder ? line.replaceAll(folder, 'FOLDER') : line)
        .replace(/\b[0-9A-F]{64}\b/g, 'SHA256')
        .replace(/\b[0-9A-F]{40}\b/g, 'SHA1')
        .replace(/entrada-[0-9a-f]{8}\b/g, 'entrada-NAME')
        .replace(/(?<=--cursor |"next":")\d+\.[\w-]+/g, (cursor) => stableName(cursor, 'cursor'))
        .replace(/\b([a-z]{3})_[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f-]{21}\b/g, stableName)
        .replace(/\b[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f-]{21}\b/g, (id) => stableName(id, 'uuid'))
        .replace(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/g, 'TIME')
        .replace(/"afterMs":\d+/g, '"afterMs":0')
        .replace(/whsec_[A-Za-z0-9+/]{43}=/g, 'SECRET')
        .replace(/\bent_[0-9A-Za-z]{49}\b/g, 'ent_KEY')
        .replace(/\bent_[0-9A-Za-z]{6}\b/g, 'ent_BEGIN')
        .replace(/localhost:\d+/g, 'localhost:PORT')
        .replace(/(?<=\S) {2,}/g, '  ')
        .trimEnd(),
    toReal: (command: string) =>
      [...stableNames].reduce(
        (text, [real, stable]) => text.replace(new RegExp(`\\b${stable}\\b`, 'g'), real),
        command,
      ),
  }
}
