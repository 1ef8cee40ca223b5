/** Other people's libraries against the emulator's command: what each test of a judge does. */
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { basename, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { text } from 'node:stream/consumers'
import type { TestContext } from 'node:test'
import { temporaryFolder } from '../../support/server-process.ts'
import { fetchedFor, type Judge, missingPrograms } from './judge-folders.ts'

/** The emulator as its command runs it, and what it prints of itself with `--json`. */
export type JudgedEmulator = {
  readonly authority: string
  readonly environment: Readonly<Record<string, string>>
  readonly trust: { readonly certificate: string }
}

/** No judge may take longer than this. */
export const JUDGE_MILLISECONDS = 240_000

/** Skips a test, with the reason, where the judge's programs are missing. What they could have fetched must be there. */
export function isSkipped(t: TestContext, judge: Judge): boolean {
  const missing = missingPrograms(judge)
  if (missing.length > 0) t.skip(`${missing.join(' and ')} not on this machine`)
  return missing.length > 0
}

/** The folder of what was fetched for a judge. */
export function getFetched(judge: Judge): string {
  const folder = fetchedFor(judge)
  assert.ok(existsSync(folder), `${folder} is missing; node scripts/ensure-judges.ts fetches it`)
  return folder
}

/** Runs `entrada emulator --https` with some options until the test ends. */
export async function runEmulator(
  t: TestContext,
  options: readonly string[] = ['--port', '0'],
): Promise<JudgedEmulator> {
  const folder = await temporaryFolder(t)
  const command = [resolve('src/bin.ts'), 'emulator', '--https', '--data', folder, '--json']
  const child = spawn(process.execPath, [...command, ...options], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: withoutTestContext(process.env),
  })
  t.after(() => stop(child))
  const lines = createInterface({ input: child.stdout })
  const [line] = await Promise.race([once(lines, 'line'), once(child, 'exit').then(() => [])])
  if (line === undefined) throw new Error('the emulator did not start')
  return JSON.parse(String(line)) as JudgedEmulator // printed by our own command
}

/** Runs the program of a judge, and returns the JSON object that is the last line it prints. */
export async function runProgram(
  t: TestContext,
  program: {
    readonly command: string
    readonly parameters: readonly string[]
    readonly environment: Readonly<Record<string, string>>
  },
): Promise<Readonly<Record<string, unknown>>> {
  const startedAt = performance.now()
  const child = spawn(program.command, program.parameters, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...withoutTestContext(process.env), ...program.environment },
    signal: t.signal,
  })
  const [[exitCode], output, errors] = await Promise.all([
    once(child, 'close'),
    text(child.stdout),
    text(child.stderr),
  ])
  t.diagnostic(
    `${basename(program.command)} took ${Math.round((performance.now() - startedAt) / 100) / 10} s`,
  )
  assert.equal(exitCode, 0, `${output}\n${errors}`)
  return JSON.parse(output.trim().split('\n').at(-1) ?? '')
}

/** Ends a process and waits for its end. */
export async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = once(child, 'exit')
  child.kill('SIGTERM')
  await ended
}

/** Otherwise the test runner would take a program for a test of its own. */
function withoutTestContext({ NODE_TEST_CONTEXT: _, ...environment }: NodeJS.ProcessEnv) {
  return environment
}
