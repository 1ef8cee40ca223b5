/** Other people's libraries against the emulator's command: what each test of a judge does. */
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { basename, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { text } from 'node:stream/consumers'
import type { TestContext } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
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

/** Runs a server until the test ends, and waits until it answers at an address, whatever the answer. */
export async function runServer(
  t: TestContext,
  server: {
    readonly command: string
    readonly parameters: readonly string[]
    readonly environment?: Readonly<Record<string, string>>
    readonly readyAt: string
  },
): Promise<void> {
  const child = spawn(server.command, server.parameters, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...withoutTestContext(process.env), ...server.environment },
  })
  t.after(() => stop(child))
  const output: string[] = []
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => void output.push(chunk.toString()))
  }
  while (!(await isAnswering(server.readyAt))) {
    const isRunning = child.exitCode === null && child.signalCode === null
    assert.ok(
      isRunning && !t.signal.aborted,
      `${server.command} did not start:\n${output.join('')}`,
    )
    await pause(100)
  }
}

async function isAnswering(url: string): Promise<boolean> {
  try {
    await (await fetch(url, { redirect: 'manual' })).arrayBuffer()
    return true
  } catch {
    return false
  }
}

/** The requests that the emulator received at one endpoint, oldest first. */
export async function requestsOf({ authority }: JudgedEmulator, endpoint: string) {
  const response = await fetch(`${authority}/emulator/api/requests?limit=1000`)
  const { requests } = (await response.json()) as {
    readonly requests: readonly {
      readonly endpoint: string
      readonly params: Readonly<Record<string, string>>
    }[]
  }
  return requests.filter((request) => request.endpoint === endpoint)
}

/** Ends a process and waits for its end; one that does not obey within five seconds is killed. */
async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = once(child, 'exit')
  child.kill('SIGTERM')
  const timer = setTimeout(() => child.kill('SIGKILL'), 5000)
  await ended
  clearTimeout(timer)
}

/** Otherwise the test runner would take a program for a test of its own. */
function withoutTestContext({ NODE_TEST_CONTEXT: _, ...environment }: NodeJS.ProcessEnv) {
  return environment
}
