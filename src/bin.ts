#!/usr/bin/env node
/** The command line's door: the only reader of the environment, the arguments and the signals. */
import './refuse-old-node.ts'
import { readFileSync } from 'node:fs'
import { runCli } from './cli/run-cli.ts'

const exitCode = await runCli(
  {
    environment: process.env,
    print: (line) => console.log(line),
    printError: (line) => console.error(line),
    readTextFile: (path) => readFileSync(path, 'utf8'),
    now: () => new Date(),
    stopRequested: () =>
      new Promise((resolve) => {
        for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve())
      }),
    onRereadRequested: (reread) => void process.on('SIGHUP', reread),
  },
  process.argv.slice(2),
)
process.exitCode = exitCode
