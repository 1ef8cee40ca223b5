#!/usr/bin/env node
/** Starts the command line. No other file reads the environment, the arguments or the signals. */
import './cli/refuse-old-node.ts'
import { readFileSync } from 'node:fs'
import type { StopRequest } from './cli/command.ts'
import { createErrorOutput, createOutput } from './cli/output.ts'
import { runCli } from './cli/run-cli.ts'

const output = createOutput(process.stdout)

const exitCode = await runCli(
  {
    environment: process.env,
    nodeFlags: [...process.execArgv, process.env.NODE_OPTIONS ?? ''],
    print: output.print,
    printError: createErrorOutput(process.stderr),
    printed: output.finish,
    ...(process.stderr.isTTY ? { progressLine } : {}),
    readTextFile: (path) => readFileSync(path, 'utf8'),
    now: () => new Date(),
    stopRequested,
    onExit: (work) => void process.once('exit', work),
    onRereadRequested: (reread) => void process.on('SIGHUP', reread),
  },
  process.argv.slice(2),
)
process.exitCode = exitCode

/** A third signal ends the process as Node does it without listeners. */
function stopRequested(): Promise<StopRequest> {
  const signals = ['SIGINT', 'SIGTERM'] as const
  const repeated = Promise.withResolvers<void>()
  return new Promise((resolve) => {
    let isStopping = false
    const onSignal = (signal: StopRequest['signal']) => {
      if (isStopping) {
        for (const handledSignal of signals) process.off(handledSignal, onSignal)
        repeated.resolve()
      }
      isStopping = true
      resolve({ signal, repeated: repeated.promise })
    }
    for (const signal of signals) process.on(signal, onSignal)
  })
}

/** Carriage return, then erase to the end of the line. */
function progressLine(line = ''): void {
  process.stderr.write(`\r\u001b[K${line.slice(0, (process.stderr.columns ?? 80) - 1)}`)
}
